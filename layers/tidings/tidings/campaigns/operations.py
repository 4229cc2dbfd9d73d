"""What operators can do with campaigns; entry points let nobody else in."""

from datetime import datetime
from typing import Any, Final

from tidings.campaigns.calendar import ScheduleKind, next_run
from tidings.campaigns.errors import (
    CampaignStepRefused,
    NothingToResume,
    TimeHasPassed,
    UnknownTemplate,
    VariableMissing,
)
from tidings.campaigns.expanding import command_after
from tidings.campaigns.models import Campaign, CampaignAudience, CampaignSchedule
from tidings.campaigns.schemas import CampaignView, CreateCampaign
from tidings.campaigns.states import CampaignState
from tidings.campaigns.steps import Plan, Planned, step_to, take_step
from tidings.platform.auth import Principal
from tidings.platform.clock import now
from tidings.platform.logging import logger
from tidings.templates.errors import TemplateNotFound
from tidings.templates.queries import get_template
from tidings.templates.variables import ALWAYS_KNOWN

NEVER: Final[dict[str, Any]] = {"unset__next_run_at": True}


def create_campaign(new: CreateCampaign, *, caller: Principal) -> CampaignView:
    """Add a campaign, as a draft.

    Raises:
        UnknownTemplate: there is no such template.
        VariableMissing: the template needs to be told something else.
    """
    drafted = step_to(CampaignState.DRAFT, now(), caller.user_id)
    campaign = Campaign(
        name=new.name,
        template_code=new.template_code,
        variables=new.variables,
        voucher=new.voucher,
        audience=CampaignAudience(**new.audience.model_dump()),
        schedule=CampaignSchedule(kind=new.schedule.kind.value, at=new.schedule.at),
        state=drafted["set__state"],
        history=[drafted["push__history"]],
    )
    _check_template(campaign)
    campaign.save(force_insert=True)
    logger.info("campaign created", campaign_id=campaign.id)
    return CampaignView.model_validate(campaign)


def start_campaign(
    campaign_id: str, *, caller: Principal, at: datetime | None = None
) -> CampaignView:
    """Let a draft wait for its time.

    Raises:
        CampaignNotFound: there is none.
        CampaignStepRefused: it was started before.
        TimeHasPassed: its time has passed.
    """
    moment = at or now()

    def plan(campaign: Campaign) -> Planned:
        if campaign.state != CampaignState.DRAFT.value:  # what is paused is resumed
            raise CampaignStepRefused(campaign.state, CampaignState.SCHEDULED)
        due_at = _due_after(campaign, moment)
        if due_at < moment:
            raise TimeHasPassed
        return Planned(CampaignState.SCHEDULED, {"set__next_run_at": due_at})

    return _taken(campaign_id, plan, caller, moment)


def pause_campaign(
    campaign_id: str, *, caller: Principal, at: datetime | None = None
) -> CampaignView:
    """Hold a campaign; a chunk that is in hand is told to its end.

    Raises:
        CampaignNotFound: there is none.
        CampaignStepRefused: it neither waits nor runs.
    """
    plan = Planned(CampaignState.PAUSED)
    return _taken(campaign_id, lambda _: plan, caller, at or now())


def resume_campaign(
    campaign_id: str, *, caller: Principal, at: datetime | None = None
) -> CampaignView:
    """Let a paused campaign go on where it was: in its run, or waiting for its time.

    Raises:
        CampaignNotFound: there is none.
        NothingToResume: it is not paused.
    """
    moment = at or now()

    def plan(campaign: Campaign) -> Planned:
        if campaign.state != CampaignState.PAUSED.value:
            raise NothingToResume(campaign.state)
        if campaign.run is not None and campaign.run.finished_at is None:
            following = command_after(campaign, campaign.run.cursor)
            return Planned(CampaignState.RUNNING, {}, (following,))
        due_at = _due_after(campaign, moment)
        return Planned(CampaignState.SCHEDULED, {"set__next_run_at": due_at})

    return _taken(campaign_id, plan, caller, moment)


def stop_campaign(
    campaign_id: str, *, caller: Principal, at: datetime | None = None
) -> CampaignView:
    """End a campaign for good; who was told stays told.

    Raises:
        CampaignNotFound: there is none.
        CampaignStepRefused: it is over.
    """
    plan = Planned(CampaignState.STOPPED, NEVER)
    return _taken(campaign_id, lambda _: plan, caller, at or now())


def _check_template(campaign: Campaign) -> None:
    """Let a campaign through that its template can be made with, for everybody."""
    try:
        template = get_template(campaign.template_code)
    except TemplateNotFound:
        raise UnknownTemplate from None
    for name in set(template.required_variables) - set(campaign.told_to_all()) - ALWAYS_KNOWN:
        raise VariableMissing(name)


def _taken(campaign_id: str, plan: Plan, caller: Principal, at: datetime) -> CampaignView:
    campaign = take_step(campaign_id, plan, user_id=caller.user_id, at=at)
    return CampaignView.model_validate(campaign)


def _due_after(campaign: Campaign, at: datetime) -> datetime:
    return next_run(ScheduleKind(campaign.schedule.kind), campaign.schedule.at, at)
