"""POST /api/v1/campaigns: draft a campaign."""

from tidings.campaigns.errors import TimeMissing, TimeNotAsked, UnknownTemplate, VariableMissing
from tidings.campaigns.operations import create_campaign
from tidings.campaigns.schemas import CampaignView, CreateCampaign
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint


@endpoint(
    role=Role.OPERATOR,
    body=CreateCampaign,
    returns=CampaignView,
    status=201,
    refusals=(UnknownTemplate, VariableMissing, TimeMissing, TimeNotAsked),
)
def handler(request: Request[CreateCampaign]) -> Reply:
    campaign = create_campaign(request.body, caller=request.caller)
    return Reply(campaign, message="The campaign is drafted; start it.")
