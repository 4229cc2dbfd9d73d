"""Change the state of a campaign: check the table, record actor and time."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from tidings.campaigns.errors import CampaignNotFound
from tidings.campaigns.models import Campaign, CampaignTransition
from tidings.campaigns.states import Actor, CampaignState, check_step
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.messaging.events import Event


class Planned(NamedTuple):
    """The next state of a campaign, with its changes and events."""

    state: CampaignState
    changes: Mapping[str, Any] = MappingProxyType({})
    events: tuple[Event, ...] = ()


Plan = Callable[[Campaign], Planned]


def find_campaign(campaign_id: str) -> Campaign:
    """Return a campaign's document.

    Raises:
        CampaignNotFound: the campaign does not exist.
    """
    campaign: Campaign | None = Campaign.objects(pk=campaign_id).first()
    if campaign is None:
        raise CampaignNotFound
    return campaign


def take_step(campaign_id: str, plan: Plan, *, user_id: str, at: datetime) -> Campaign:
    """Make the planned step of a campaign for an operator.

    Of two concurrent steps one succeeds; the other is planned again for the new state. Each
    repetition means that another step succeeded, so this ends.

    Raises:
        CampaignNotFound: the campaign does not exist.
        CampaignStepRefused: its state does not allow the step.
    """
    while True:
        campaign = find_campaign(campaign_id)
        state, changes, events = plan(campaign)
        check_step(CampaignState(campaign.state), state, Actor.OPERATOR)
        found = Campaign.objects(pk=campaign.id, state=campaign.state, __raw__=_same_run(campaign))
        changed = outbox.change(found, *events, **step_to(state, at, user_id), **changes)
        if changed is not None:
            logger.info("campaign state changed", campaign_id=campaign.id, state=state.value)
            return changed


def step_to(state: CampaignState, at: datetime, user_id: str | None = None) -> dict[str, Any]:
    """Return the update for a new state, with its entry in the history."""
    step = CampaignTransition(state=state.value, at=at, user_id=user_id)
    return {"set__state": state.value, "push__history": step}


def _same_run(campaign: Campaign) -> dict[str, Any]:
    """Return the condition that the run has not moved, because it moves within one state."""
    run = campaign.run
    return {"run.id": run.id, "run.cursor": run.cursor} if run else {"run": None}
