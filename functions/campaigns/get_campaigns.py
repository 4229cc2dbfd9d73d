"""GET /api/v1/campaigns: the campaigns, newest first."""

from tidings.campaigns.queries import get_campaigns
from tidings.campaigns.schemas import CampaignListQuery, CampaignView
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint


@endpoint(role=Role.OPERATOR, query=CampaignListQuery, returns=list[CampaignView])
def handler(request: Request[None, CampaignListQuery]) -> Reply:
    return Reply.of_page(get_campaigns(request.query, request.query))
