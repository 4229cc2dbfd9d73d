"""Choose the variant of an experiment that all others get."""

from pages.campaigns import campaign_page
from tidings.campaigns.queries import get_campaign
from tidings.campaigns.schemas import ChooseCampaignWinner
from tidings.campaigns.states import RunPhase
from tidings.campaigns.winners import choose_campaign_winner
from tidings.platform.errors import RuleRefused
from tidings.platform.inputs.parsing import parsed
from web.views import Answered, Redirect, View
from web.visits import Visit


def show(visit: Visit) -> View:
    """Return the page with the results of the test, which asks for the winner.

    Raises:
        CampaignNotFound: the campaign does not exist.
    """
    campaign = get_campaign(visit.path["campaign_id"], caller=visit.caller)
    is_possible = campaign.run is not None and campaign.run.phase is RunPhase.WAITING
    values = {"campaign": campaign, "is_possible": is_possible}
    return View("campaign_winner.html", visit.texts("campaign_winner.title"), values)


def act(visit: Visit) -> Answered:
    """Choose the winner; if that is refused, show the campaign and the reason.

    Raises:
        InvalidInput: the form was changed.
    """
    wanted = parsed(ChooseCampaignWinner, visit.form.filled("variant"))
    try:
        choose_campaign_winner(visit.path["campaign_id"], wanted, caller=visit.caller)
    except RuleRefused as refused:
        return campaign_page(visit, refused.message, refused.status)
    return Redirect(f"campaigns/{visit.path['campaign_id']}", notice="campaign_winner")
