"""Operations on campaigns."""

from datetime import datetime
from typing import Any, Final

from tidings.campaigns.calendar import ScheduleKind, next_run
from tidings.campaigns.errors import (
    CampaignNotFound,
    CampaignStepRefused,
    NothingToResume,
    TimeHasPassed,
    TimeMissing,
    TimeNotAsked,
    UnknownTemplate,
    VariableMissing,
)
from tidings.campaigns.expanding import command_after
from tidings.campaigns.models import Campaign, CampaignAudience, CampaignSchedule
from tidings.campaigns.schemas import CampaignView, CreateCampaign, EditCampaign
from tidings.campaigns.states import CampaignState
from tidings.campaigns.steps import Plan, Planned, step_to, take_step
from tidings.platform.logging import logger
from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import now
from tidings.templates.errors import CodeTemplate, TemplateNotFound
from tidings.templates.queries import carries_code, template_view
from tidings.templates.values import ALWAYS_KNOWN

NEVER: Final[dict[str, Any]] = {"unset__next_run_at": True}


@operation(
    role=Role.OPERATOR, refuses=(UnknownTemplate, VariableMissing, TimeMissing, TimeNotAsked)
)
def create_campaign(new: CreateCampaign, *, caller: Principal) -> CampaignView:
    """Create a campaign as a draft.

    Raises:
        UnknownTemplate: the template does not exist.
        CodeTemplate: the template contains a one-time code.
        VariableMissing: the template needs another variable.
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


@operation(role=Role.OPERATOR, refuses=(CampaignNotFound, CampaignStepRefused, TimeHasPassed))
def start_campaign(
    campaign_id: str, *, caller: Principal, at: datetime | None = None
) -> CampaignView:
    """Schedule a draft.

    Raises:
        CampaignNotFound: the campaign does not exist.
        CampaignStepRefused: the campaign is not a draft.
        TimeHasPassed: its time has passed.
    """
    moment = at or now()

    def plan(campaign: Campaign) -> Planned:
        if campaign.state != CampaignState.DRAFT.value:  # a paused campaign must be resumed
            raise CampaignStepRefused(campaign.state, CampaignState.SCHEDULED)
        due_at = _due_after(campaign, moment)
        if due_at < moment:
            raise TimeHasPassed
        return Planned(CampaignState.SCHEDULED, {"set__next_run_at": due_at})

    return _taken(campaign_id, plan, caller, moment)


@operation(role=Role.OPERATOR, refuses=(CampaignNotFound, CampaignStepRefused))
def pause_campaign(
    campaign_id: str, *, caller: Principal, at: datetime | None = None
) -> CampaignView:
    """Pause a campaign; a chunk that is being processed is completed.

    Raises:
        CampaignNotFound: the campaign does not exist.
        CampaignStepRefused: the campaign is neither scheduled nor running.
    """
    plan = Planned(CampaignState.PAUSED)
    return _taken(campaign_id, lambda _: plan, caller, at or now())


@operation(role=Role.OPERATOR, refuses=(CampaignNotFound, CampaignStepRefused, NothingToResume))
def resume_campaign(
    campaign_id: str, *, caller: Principal, at: datetime | None = None
) -> CampaignView:
    """Resume a paused campaign: it continues its run, or waits for its next time.

    Raises:
        CampaignNotFound: the campaign does not exist.
        NothingToResume: the campaign is not paused.
    """
    moment = at or now()

    def plan(campaign: Campaign) -> Planned:
        if campaign.state != CampaignState.PAUSED.value:
            raise NothingToResume(campaign.state)
        if campaign.is_in_a_run:
            following = command_after(campaign, campaign.run.cursor)
            return Planned(CampaignState.RUNNING, {}, (following,))
        due_at = _due_after(campaign, moment)
        return Planned(CampaignState.SCHEDULED, {"set__next_run_at": due_at})

    return _taken(campaign_id, plan, caller, moment)


@operation(role=Role.OPERATOR, refuses=(CampaignNotFound, CampaignStepRefused))
def stop_campaign(
    campaign_id: str, *, caller: Principal, at: datetime | None = None
) -> CampaignView:
    """End a campaign permanently; sent notifications stay.

    Raises:
        CampaignNotFound: the campaign does not exist.
        CampaignStepRefused: the campaign has ended.
    """
    plan = Planned(CampaignState.STOPPED, NEVER)
    return _taken(campaign_id, lambda _: plan, caller, at or now())


@operation(role=Role.OPERATOR)
def edit_campaign(campaign_id: str, wanted: EditCampaign, *, caller: Principal) -> CampaignView:
    """Edit a campaign."""
    raise NotImplementedError("write what edit_campaign does")


def _check_template(campaign: Campaign) -> None:
    """Check that the campaign's template can be rendered for everyone."""
    try:
        template = template_view(campaign.template_code)
    except TemplateNotFound:
        raise UnknownTemplate from None
    if carries_code(campaign.template_code):
        raise CodeTemplate
    for name in set(template.required_variables) - set(campaign.told_to_all()) - ALWAYS_KNOWN:
        raise VariableMissing(name)


def _taken(campaign_id: str, plan: Plan, caller: Principal, at: datetime) -> CampaignView:
    campaign = take_step(campaign_id, plan, user_id=caller.user_id, at=at)
    return CampaignView.model_validate(campaign)


def _due_after(campaign: Campaign, at: datetime) -> datetime:
    return next_run(ScheduleKind(campaign.schedule.kind), campaign.schedule.at, at)
