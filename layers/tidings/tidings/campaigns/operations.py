"""Operations on campaigns."""

from datetime import datetime
from typing import Any, Final

from tidings.campaigns.calendar import ScheduleKind, next_run
from tidings.campaigns.checking import (
    audience_of,
    check_experiment,
    check_template,
    experiment_of,
)
from tidings.campaigns.errors import (
    CampaignNotFound,
    CampaignStepRefused,
    EditRefused,
    ExperimentOfWeekly,
    NothingToResume,
    StaleCampaign,
    TimeHasPassed,
    TimeMissing,
    TimeNotAsked,
    UnknownMailedCampaign,
    UnknownTemplate,
    UnknownVoucher,
    VariableMissing,
    VoucherForOne,
    VoucherOver,
    WaitNotAsked,
)
from tidings.campaigns.events import ExpandCampaign
from tidings.campaigns.models import Campaign, CampaignRun, CampaignSchedule
from tidings.campaigns.schemas import CampaignView, CreateCampaign, EditCampaign, ScheduleInput
from tidings.campaigns.states import CampaignState
from tidings.campaigns.steps import Plan, Planned, as_read, find_campaign, step_to, take_step
from tidings.campaigns.vouchers import check_voucher
from tidings.platform import acts
from tidings.platform.logging import logger
from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import now

NEVER: Final[dict[str, Any]] = {"unset__next_run_at": True}
EDITABLE: Final = (CampaignState.DRAFT, CampaignState.SCHEDULED, CampaignState.PAUSED)


@operation(
    role=Role.OPERATOR,
    refuses=(
        *(UnknownTemplate, VariableMissing, UnknownMailedCampaign, TimeMissing, TimeNotAsked),
        *(UnknownVoucher, VoucherForOne),
        *(ExperimentOfWeekly, WaitNotAsked),
    ),
)
def create_campaign(new: CreateCampaign, *, caller: Principal) -> CampaignView:
    """Create a campaign as a draft.

    Raises:
        UnknownTemplate: the template does not exist.
        CodeTemplate: the template contains a one-time code.
        VariableMissing: the template needs another variable.
        UnknownMailedCampaign: the campaign whose mails the audience names does not exist.
        UnknownVoucher: the voucher does not exist.
        VoucherForOne: the voucher is for one customer.
        ExperimentOfWeekly: it is sent every week and has an experiment.
    """
    drafted = step_to(CampaignState.DRAFT, now(), caller.user_id)
    campaign = Campaign(
        name=new.name,
        template_code=new.template_code,
        variables=new.variables,
        voucher=new.voucher,
        voucher_id=new.voucher_id,
        audience=audience_of(new.audience),
        schedule=_schedule(new.schedule),
        experiment=experiment_of(new.experiment),
        state=drafted["set__state"],
        history=[drafted["push__history"]],
    )
    check_experiment(campaign)
    check_template(campaign)
    check_voucher(campaign)
    campaign.save(force_insert=True)
    acts.changed(after={"state": campaign.state, "template_code": campaign.template_code})
    logger.info("campaign created", campaign_id=campaign.id)
    return CampaignView.model_validate(campaign)


@operation(
    role=Role.OPERATOR,
    refuses=(CampaignNotFound, CampaignStepRefused, TimeHasPassed, VoucherOver),
)
def start_campaign(
    campaign_id: str, *, caller: Principal, at: datetime | None = None
) -> CampaignView:
    """Schedule a draft.

    Raises:
        CampaignNotFound: the campaign does not exist.
        CampaignStepRefused: the campaign is not a draft.
        TimeHasPassed: its time has passed.
        VoucherOver: its voucher is ended, or no longer valid at its time.
    """
    moment = at or now()

    def plan(campaign: Campaign) -> Planned:
        if campaign.state != CampaignState.DRAFT.value:  # a paused campaign must be resumed
            raise CampaignStepRefused(campaign.state, CampaignState.SCHEDULED)
        due_at = _due_after(campaign, moment)
        if due_at < moment:
            raise TimeHasPassed
        check_voucher(campaign, due_at)
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
            if campaign.waits_for_winner:
                return Planned(CampaignState.RUNNING)
            run: CampaignRun = campaign.run
            following = ExpandCampaign.after(campaign.id, run.id, run.cursor)
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


@operation(
    role=Role.OPERATOR,
    refuses=(
        *(CampaignNotFound, StaleCampaign, EditRefused, UnknownTemplate, VariableMissing),
        *(UnknownMailedCampaign, ExperimentOfWeekly, WaitNotAsked),
        *(TimeHasPassed, TimeMissing, TimeNotAsked),
        *(UnknownVoucher, VoucherForOne, VoucherOver),
    ),
)
def edit_campaign(
    campaign_id: str, change: EditCampaign, *, caller: Principal, at: datetime | None = None
) -> CampaignView:
    """Change a campaign between its runs; a new schedule moves its next run.

    A change without effect makes no new version, so a repeated request has the same answer. If a
    step is taken at the same time, the edit is tried again for the new state. Each repetition means
    that a step succeeded, so this ends.

    Raises:
        CampaignNotFound: the campaign does not exist.
        EditRefused: a run is under way, or the campaign has ended.
        StaleCampaign: the campaign no longer has the version of the change.
        UnknownTemplate: the template does not exist.
        CodeTemplate: the template contains a one-time code.
        VariableMissing: the template needs another variable.
        UnknownMailedCampaign: the campaign whose mails the audience names does not exist.
        ExperimentOfWeekly: it would be sent every week and have an experiment.
        TimeHasPassed: the new time has passed.
        UnknownVoucher: the voucher does not exist.
        VoucherForOne: the voucher is for one customer.
        VoucherOver: the voucher is ended, or no longer valid at the next run.
    """
    while True:
        campaign = find_campaign(campaign_id)
        _check_editable(campaign)
        changed = _changed(campaign, change)
        if not changed:
            return CampaignView.model_validate(campaign)
        if campaign.version != change.version:
            raise StaleCampaign
        update = _edit(campaign, changed, at or now())
        stored = as_read(campaign).modify(new=True, set__version=campaign.version + 1, **update)
        if stored is not None:
            acts.changed(
                {"version": change.version},
                {"version": stored.version, "changed": sorted(changed)},
            )
            logger.info(
                "campaign edited",
                campaign_id=campaign.id,
                changed=sorted(changed),
                by=caller.user_id,
            )
            return CampaignView.model_validate(stored)


def _check_editable(campaign: Campaign) -> None:
    """Refuse an edit that would give one part of a run's audience another message."""
    if campaign.state not in EDITABLE:
        raise EditRefused(campaign.state)
    if campaign.is_in_a_run:
        raise EditRefused("paused in the middle of a run")


def _changed(campaign: Campaign, change: EditCampaign) -> dict[str, Any]:
    """Return the named fields that differ, in the document's form."""
    named = {name: getattr(change, name) for name in change.model_fields_set - {"version"}}
    if "audience" in named:
        named["audience"] = audience_of(named["audience"])
    if "experiment" in named:
        named["experiment"] = experiment_of(named["experiment"])
    if "schedule" in named:
        named["schedule"] = _schedule(named["schedule"])
    return {name: value for name, value in named.items() if value != getattr(campaign, name)}


def _edit(campaign: Campaign, changed: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Change the campaign as it was read, check the result, and return the update."""
    for name, value in changed.items():
        setattr(campaign, name, value)
    check_experiment(campaign)
    check_template(campaign)
    update = {f"set__{name}": value for name, value in changed.items()}
    if "schedule" in changed:
        update |= _moved_run(campaign, at)
    if changed.keys() & {"schedule", "voucher_id"}:
        check_voucher(campaign, update.get("set__next_run_at", campaign.next_run_at))
    return update


def _moved_run(campaign: Campaign, at: datetime) -> dict[str, Any]:
    """Return the update for a new schedule: the next run is later than now and the last run."""
    last = campaign.run
    due_at = _due_after(campaign, at)
    # A run with the id of the last one would notify no one.
    if due_at < at or (last and CampaignRun.at(due_at, started_at=at).id == last.id):
        raise TimeHasPassed
    return {} if campaign.state == CampaignState.DRAFT.value else {"set__next_run_at": due_at}


def _schedule(given: ScheduleInput) -> CampaignSchedule:
    return CampaignSchedule(kind=given.kind.value, at=given.at)


def _taken(campaign_id: str, plan: Plan, caller: Principal, at: datetime) -> CampaignView:
    campaign = take_step(campaign_id, plan, user_id=caller.user_id, at=at)
    return CampaignView.model_validate(campaign)


def _due_after(campaign: Campaign, at: datetime) -> datetime:
    """Return the time of the next run, which is later than that of a run that was started early."""
    after = max(at, campaign.run.due_at) if campaign.run else at
    return next_run(ScheduleKind(campaign.schedule.kind), campaign.schedule.at, after)
