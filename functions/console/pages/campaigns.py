"""The campaigns: their list, one with its results, and what it would send now."""

import secrets
from collections.abc import Mapping
from typing import Final

from tidings.campaigns.queries import get_campaign, get_campaigns, preview_campaign
from tidings.campaigns.schemas import CampaignListQuery, CampaignView, PreviewQuery
from tidings.campaigns.states import CampaignState
from tidings.platform.errors import NotFound, RuleRefused
from tidings.platform.inputs.parsing import parsed
from tidings.templates.queries import get_template
from web.views import View
from web.visits import Visit

KINDS: Final[Mapping[CampaignState, str]] = {
    CampaignState.DRAFT: "off",
    CampaignState.SCHEDULED: "wait",
    CampaignState.RUNNING: "good",
    CampaignState.PAUSED: "bad",
    CampaignState.FINISHED: "good",
    CampaignState.STOPPED: "off",
}
"""The look of each state; its word tells it, too."""

STEPS_FROM: Final[Mapping[CampaignState, tuple[str, ...]]] = {
    CampaignState.DRAFT: ("start", "stop"),
    CampaignState.SCHEDULED: ("pause", "stop"),
    CampaignState.RUNNING: ("pause", "stop"),
    CampaignState.PAUSED: ("resume", "stop"),
}
"""The steps that an operator may take from each state."""

# What became of the people of the audience, and the look of each part.
OUTCOMES: Final = ("sent", "waiting", "suppressed", "failed")


def steps_from(state: CampaignState) -> tuple[str, ...]:
    """Return the steps that an operator may take from a state."""
    return STEPS_FROM.get(state, ())


def show_list(visit: Visit) -> View:
    """Return the list, newest first."""
    wanted = parsed(CampaignListQuery, _given(visit, "state", "page"))
    found = get_campaigns(wanted, wanted, caller=visit.caller)
    state = wanted.state.value if wanted.state else ""
    values = {
        "found": found,
        "state": state,
        "states": CampaignState,
        "kinds": KINDS,
        "pages": lambda number: visit.link("campaigns", state=state, page=number),
    }
    return View("campaigns.html", visit.texts("campaigns.title"), values)


def show(visit: Visit) -> View:
    """Return a campaign with its results.

    Raises:
        CampaignNotFound: it does not exist.
    """
    return campaign_page(visit)


def campaign_page(visit: Visit, refusal: str = "", status: int = 200) -> View:
    """Return the page of the campaign in the path.

    Args:
        refusal: why a step was not taken.
    """
    campaign = get_campaign(visit.path["campaign_id"], caller=visit.caller)
    values = {
        "campaign": campaign,
        "kinds": KINDS,
        "steps": steps_from(campaign.state),
        "outcomes": OUTCOMES,
        "refusal": refusal,
    }
    return View("campaign.html", campaign.name, values, status)


def show_preview(visit: Visit) -> View:
    """Return the audience that a campaign would reach now, and its message.

    Raises:
        CampaignNotFound: it does not exist.
    """
    return preview_page(visit, parsed(PreviewQuery, _given(visit, "language")))


def preview_page(visit: Visit, wanted: PreviewQuery, refusal: str = "", status: int = 200) -> View:
    """Return the preview of the campaign in the path.

    Args:
        refusal: why a test was not sent.
    """
    campaign = get_campaign(visit.path["campaign_id"], caller=visit.caller)
    values: dict[str, object] = {
        "campaign": campaign,
        "language": wanted.language,
        "languages_of": _languages_of(campaign, visit),
        "variables": _mail_values(campaign),
        "preview": None,
        "refusal": refusal,
        # The same page sends one test, however often its button is pressed.
        "request_id": secrets.token_hex(8),
        "wrong": "",
    }
    try:
        values["preview"] = preview_campaign(
            campaign.id, language=wanted.language, caller=visit.caller
        )
    except (NotFound, RuleRefused) as error:
        values["wrong"] = error.message
    return View("campaign_preview.html", campaign.name, values, status)


def _languages_of(campaign: CampaignView, visit: Visit) -> list[str]:
    """Return the languages of the campaign's template; none if it was deleted."""
    try:
        template = get_template(campaign.template_code, caller=visit.caller)
    except NotFound:
        return []
    return [each.language for each in template.variants]


def _mail_values(campaign: CampaignView) -> dict[str, str]:
    """Return the values of the campaign's variables, as the page of the mail takes them."""
    voucher = {"voucher": campaign.voucher} if campaign.voucher else {}
    known = {"campaign": campaign.name, **voucher, **campaign.variables}
    return {f"value.{name}": value for name, value in known.items()}


def _given(visit: Visit, *names: str) -> dict[str, str]:
    return {name: value for name in names if (value := visit.asked(name))}
