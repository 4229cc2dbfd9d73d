"""Start, pause, resume and stop a campaign. Each step has a page that asks first."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from pages.campaigns import campaign_page, steps_from
from tidings.campaigns.operations import (
    pause_campaign,
    resume_campaign,
    start_campaign,
    stop_campaign,
)
from tidings.campaigns.queries import get_campaign_without_numbers
from tidings.platform.errors import RuleRefused
from web.routes import Action, Route
from web.views import Redirect, View
from web.visits import Visit

OPERATIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "start": start_campaign,
    "pause": pause_campaign,
    "resume": resume_campaign,
    "stop": stop_campaign,
}


def routes() -> tuple[Route, ...]:
    """Return the page of each step."""
    return tuple(
        Route(f"campaigns/{{campaign_id}}/{step}", _asking(step), act=_taking(step))
        for step in OPERATIONS
    )


def _asking(step: str) -> Action:
    """Return the page that asks whether to take a step."""

    def ask(visit: Visit) -> View:
        campaign = get_campaign_without_numbers(visit.path["campaign_id"], caller=visit.caller)
        values = {
            "campaign": campaign,
            "step": step,
            "is_possible": step in steps_from(campaign.state),
        }
        return View("campaign_step.html", visit.texts(f"campaign_steps.{step}.title"), values)

    return ask


def _taking(step: str) -> Action:
    """Return what takes a step; one that is refused shows the campaign and the reason."""

    def take(visit: Visit) -> View | Redirect:
        campaign_id = visit.path["campaign_id"]
        try:
            OPERATIONS[step](campaign_id, caller=visit.caller)
        except RuleRefused as refused:
            return campaign_page(visit, refused.message, refused.status)
        return Redirect(f"campaigns/{campaign_id}", notice=f"campaign_{step}")

    return take
