"""Change the state of a campaign: check the table, record actor and time."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from mongoengine import QuerySet

from tidings.campaigns.errors import CampaignNotFound
from tidings.campaigns.models import Campaign, CampaignTransition
from tidings.campaigns.states import Actor, CampaignState, check_step
from tidings.platform import acts
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

    Of two concurrent steps or edits one succeeds; the other step is planned again for the changed
    campaign. Each repetition means that another one succeeded, so this ends.

    Raises:
        CampaignNotFound: the campaign does not exist.
        CampaignStepRefused: its state does not allow the step.
    """
    while True:
        campaign = find_campaign(campaign_id)
        state, changes, events = plan(campaign)
        check_step(CampaignState(campaign.state), state, Actor.OPERATOR)
        changed = outbox.change(
            as_read(campaign), *events, **step_to(state, at, user_id), **changes
        )
        if changed is not None:
            acts.changed({"state": campaign.state}, {"state": state.value})
            logger.info("campaign state changed", campaign_id=campaign.id, state=state.value)
            return changed


def as_read(campaign: Campaign) -> "QuerySet[Campaign]":
    """Return the query for a campaign that is unchanged, by edits and steps, since it was read.

    The run is part of the condition, because it moves within one state.
    """
    run = campaign.run
    # A campaign that was stored before campaigns had versions has none; it is read as version 1.
    version = {"$in": [1, None]} if campaign.version == 1 else campaign.version
    same_run = (
        {"run.id": run.id, "run.cursor": run.cursor, "run.phase": run.phase}
        if run
        else {"run": None}
    )
    return Campaign.objects(
        pk=campaign.id, state=campaign.state, __raw__={"version": version, **same_run}
    )


def step_to(state: CampaignState, at: datetime, user_id: str | None = None) -> dict[str, Any]:
    """Return the update for a new state, with its entry in the history."""
    step = CampaignTransition(state=state.value, at=at, user_id=user_id)
    return {"set__state": state.value, "push__history": step}
