"""Copy a campaign, under a name that the operator chooses."""

from pages.campaigns import campaign_page
from tidings.campaigns.copying import copy_campaign, name_of_copy
from tidings.campaigns.queries import get_campaign_without_numbers
from tidings.campaigns.schemas import CopyCampaign
from tidings.platform.errors import InvalidInput, RuleRefused
from tidings.platform.inputs.parsing import parsed
from web.views import Answered, Redirect, View
from web.visits import Visit


def show(visit: Visit) -> View:
    """Return the page that asks for the name.

    Raises:
        CampaignNotFound: it does not exist.
    """
    return _asking(visit)


def act(visit: Visit) -> Answered:
    """Copy the campaign and show the copy; if that is refused, show the reason."""
    name = visit.form.one("name")
    try:
        wanted = parsed(CopyCampaign, {"name": name})
    except InvalidInput as error:
        return _asking(visit, name, wrong=error.message, status=error.status)
    try:
        copy = copy_campaign(visit.path["campaign_id"], wanted, caller=visit.caller)
    except RuleRefused as refused:
        return campaign_page(visit, refused.message, refused.status)
    return Redirect(f"campaigns/{copy.id}", notice="campaign_copied")


def _asking(visit: Visit, name: str = "", *, wrong: str = "", status: int = 200) -> View:
    campaign = get_campaign_without_numbers(visit.path["campaign_id"], caller=visit.caller)
    values = {"campaign": campaign, "name": name or name_of_copy(campaign.name), "wrong": wrong}
    return View("campaign_copy.html", visit.texts("campaign_copy.title"), values, status)
