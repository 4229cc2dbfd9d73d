"""POST /api/v1/campaigns/{campaign_id}/stop: end a campaign for good."""

from tidings.campaigns.errors import CampaignNotFound, CampaignStepRefused
from tidings.campaigns.operations import stop_campaign
from tidings.campaigns.schemas import CampaignView
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint


@endpoint(
    role=Role.OPERATOR,
    returns=CampaignView,
    refusals=(CampaignNotFound, CampaignStepRefused),
)
def handler(request: Request[None]) -> Reply:
    return Reply(stop_campaign(request.path["campaign_id"], caller=request.caller))
