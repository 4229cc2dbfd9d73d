"""POST /api/v1/campaigns/{campaign_id}/start: let a draft wait for its time."""

from tidings.campaigns.errors import CampaignNotFound, CampaignStepRefused, TimeHasPassed
from tidings.campaigns.operations import start_campaign
from tidings.campaigns.schemas import CampaignView
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint


@endpoint(
    role=Role.OPERATOR,
    returns=CampaignView,
    refusals=(CampaignNotFound, CampaignStepRefused, TimeHasPassed),
)
def handler(request: Request[None]) -> Reply:
    return Reply(start_campaign(request.path["campaign_id"], caller=request.caller))
