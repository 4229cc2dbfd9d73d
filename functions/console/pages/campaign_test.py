"""Send a sample of a campaign's message to the operator who looks at its preview."""

from pages.campaigns import preview_page
from tidings.campaigns.schemas import PreviewQuery, SendCampaignTest
from tidings.campaigns.testing import send_campaign_test
from tidings.platform.errors import Conflict, RuleRefused
from tidings.platform.inputs.parsing import parsed
from web.views import Answered, Redirect
from web.visits import Visit


def act(visit: Visit) -> Answered:
    """Send the sample; if that is refused, show the preview and the reason.

    Raises:
        CampaignNotFound: the campaign does not exist.
        InvalidInput: the form was changed.
    """
    campaign_id, asked = visit.path["campaign_id"], visit.form.filled("language", "request_id")
    wanted = parsed(SendCampaignTest, asked)
    try:
        send_campaign_test(campaign_id, wanted, caller=visit.caller)
    except (Conflict, RuleRefused) as refused:
        page = parsed(PreviewQuery, {"language": wanted.language})
        return preview_page(visit, page, refused.message, refused.status)
    return Redirect(f"campaigns/{campaign_id}/preview?language={wanted.language}", "campaign_test")
