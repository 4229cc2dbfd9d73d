"""Taking a campaign a step further: by the table, once, with who and when."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from tidings.campaigns.errors import CampaignNotFound
from tidings.campaigns.models import Campaign, CampaignTransition
from tidings.campaigns.states import CampaignState, Mover, check_step
from tidings.platform import outbox
from tidings.platform.events import Event
from tidings.platform.logging import logger


class Planned(NamedTuple):
    """Where a campaign goes, what changes with that, and what is announced."""

    state: CampaignState
    changes: Mapping[str, Any] = MappingProxyType({})
    events: tuple[Event, ...] = ()


Plan = Callable[[Campaign], Planned]


def find_campaign(campaign_id: str) -> Campaign:
    """Return a campaign's document.

    Raises:
        CampaignNotFound: there is none.
    """
    campaign: Campaign | None = Campaign.objects(pk=campaign_id).first()
    if campaign is None:
        raise CampaignNotFound
    return campaign


def take_step(campaign_id: str, plan: Plan, *, user_id: str, at: datetime) -> Campaign:
    """Take a campaign where the plan says, as the operator.

    Of two steps at once one wins; the other is planned again from where the campaign is then.
    It comes to an end: each time somebody else's step was taken.

    Raises:
        CampaignNotFound: there is none.
        CampaignStepRefused: it cannot go there from where it is.
    """
    while True:
        campaign = find_campaign(campaign_id)
        state, changes, events = plan(campaign)
        check_step(CampaignState(campaign.state), state, Mover.OPERATOR)
        found = Campaign.objects(pk=campaign.id, state=campaign.state, __raw__=_same_run(campaign))
        changed = outbox.change(found, *events, **step_to(state, at, user_id), **changes)
        if changed is not None:
            logger.info("campaign took a step", campaign_id=campaign.id, state=state.value)
            return changed


def step_to(state: CampaignState, at: datetime, user_id: str | None = None) -> dict[str, Any]:
    """Return the change of state, with its line in the history."""
    step = CampaignTransition(state=state.value, at=at, user_id=user_id)
    return {"set__state": state.value, "push__history": step}


def _same_run(campaign: Campaign) -> dict[str, Any]:
    """A running campaign moves on while its state stays."""
    run = campaign.run
    return {"run.id": run.id, "run.cursor": run.cursor} if run else {"run": None}
