"""The scheduled rules, with the last run of each and the time of the next."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from tidings.monitoring.overview.schemas import (
    RuleOverview,
    RunFigure,
    RunOutcome,
    RunOverview,
)
from tidings.monitoring.overview.template_rules import RULES
from tidings.platform.storage.last_runs import (
    Condition,
    at_times,
    last_runs,
    of_job,
    scheduled_time,
)
from tidings.platform.timing.schedules import Cron, Rate, schedule_of

# EventBridge is late by some seconds, clocks differ, and a laptop that slept fires early.
PATIENCE: Final = timedelta(minutes=2)
JOBS: Final = Counter(job for _, _, job, _, _ in RULES)
# Of a rule that shares its job, runs for its last times only are found.
LOOKED_BACK: Final = 3


def rules(at: datetime) -> list[RuleOverview]:
    """Return all rules of template.yaml, in one command."""
    found = last_runs({name: _runs(job, schedule, at) for name, _, job, schedule, _ in RULES})
    return [
        _rule(name, function, found.get(name), schedule, at, is_enabled=is_enabled)
        for name, function, _, schedule, is_enabled in RULES
    ]


def _runs(job: str, schedule: str, at: datetime) -> Condition:
    """Return the condition of a rule's runs; a run does not say which rule of two was its cause."""
    times = schedule_of(schedule)
    if JOBS[job] > 1 and isinstance(times, Cron):
        return at_times(job, times.before(at, LOOKED_BACK))
    return of_job(job)


def _rule(
    name: str, function: str, row: Any, schedule: str, at: datetime, *, is_enabled: bool
) -> RuleOverview:
    run, times = None if row is None else run_of(row, at), schedule_of(schedule)
    scheduled_at = None if run is None else run.scheduled_at
    # The rule of each minute is late after its second period.
    patience = min(PATIENCE, times.period / 2) if isinstance(times, Rate) else PATIENCE
    due = times.due_before(at - patience)
    is_late = bool(is_enabled and scheduled_at and due and scheduled_at < due - patience)
    return RuleOverview(
        name=name,
        function=function,
        schedule=schedule,
        is_enabled=is_enabled,
        is_late=is_late,
        last=run,
        next_at=times.next(at, scheduled_at) if is_enabled and not is_late else None,
    )


def run_of(row: Any, at: datetime) -> RunOverview:
    """Return a run; it has failed if it did not finish and no invocation holds it."""
    outcome = RunOutcome.OK
    if row.finished_at is None:
        outcome = RunOutcome.RUNNING if row.leased_until > at else RunOutcome.FAILED
    return RunOverview(
        scheduled_at=scheduled_time(row.id),
        started_at=row.started_at,
        finished_at=row.finished_at,
        outcome=outcome,
        attempts=row.attempts,
        summary=_figures(row.summary),
    )


def _figures(summary: Mapping[str, Any]) -> list[RunFigure]:
    return [RunFigure(name=name, number=int(number)) for name, number in summary.items()]
