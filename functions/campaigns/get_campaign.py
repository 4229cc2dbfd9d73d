"""GET /api/v1/campaigns/{campaign_id}: a campaign with its numbers."""

from tidings.campaigns.errors import CampaignNotFound
from tidings.campaigns.queries import get_campaign
from tidings.campaigns.schemas import CampaignDetails
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint


@endpoint(role=Role.OPERATOR, returns=CampaignDetails, refusals=(CampaignNotFound,))
def handler(request: Request[None]) -> Reply:
    return Reply(get_campaign(request.path["campaign_id"]))
