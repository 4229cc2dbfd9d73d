"""GET /api/v1/campaigns/{campaign_id}/preview: whom it would reach, and with what words."""

from tidings.campaigns.errors import CampaignNotFound
from tidings.campaigns.queries import preview_campaign
from tidings.campaigns.schemas import CampaignPreview, PreviewQuery
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.templates.errors import RenderingFailed, TemplateNotFound


@endpoint(
    role=Role.OPERATOR,
    query=PreviewQuery,
    returns=CampaignPreview,
    refusals=(CampaignNotFound, TemplateNotFound, RenderingFailed),
)
def handler(request: Request[None, PreviewQuery]) -> Reply:
    campaign_id = request.path["campaign_id"]
    return Reply(preview_campaign(campaign_id, language=request.query.language))
