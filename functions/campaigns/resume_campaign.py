"""POST /api/v1/campaigns/{campaign_id}/resume: let a paused campaign go on."""

from tidings.campaigns.errors import CampaignNotFound, CampaignStepRefused, NothingToResume
from tidings.campaigns.operations import resume_campaign
from tidings.campaigns.schemas import CampaignView
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint


@endpoint(
    role=Role.OPERATOR,
    returns=CampaignView,
    refusals=(CampaignNotFound, CampaignStepRefused, NothingToResume),
)
def handler(request: Request[None]) -> Reply:
    return Reply(resume_campaign(request.path["campaign_id"], caller=request.caller))
