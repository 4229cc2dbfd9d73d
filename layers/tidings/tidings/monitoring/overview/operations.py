"""The operation that gives the overview."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from pymongo.errors import PyMongoError

from tidings.monitoring.backlogs import failed_waiting, outbox_backlog, queue_ages
from tidings.monitoring.health import ServiceHealthReport, check_services
from tidings.monitoring.overview import samples
from tidings.monitoring.overview.queue_states import Handling, handling_of, state_of
from tidings.monitoring.overview.rates import (
    functions_of,
    grown,
    history_of,
    minutes_between,
    percentile,
    queue_history,
    rates_now,
)
from tidings.monitoring.overview.rules import rules
from tidings.monitoring.overview.samples import Counters, Kept, Sample
from tidings.monitoring.overview.schemas import (
    FailedCount,
    FunctionOverview,
    OrderCount,
    OutboxOverview,
    Overview,
    QueueOverview,
    RuleOverview,
)
from tidings.monitoring.states import orders_by_state
from tidings.platform.errors import Unavailable
from tidings.platform.logging import logger
from tidings.platform.messaging.queues import QueueDepth, queue_depths
from tidings.platform.observability.metrics import CountersAway
from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.job_runs import failed_runs
from tidings.platform.storage.united import COUNTED_UP_TO
from tidings.platform.timing.clock import now

AWAY: Final = (PyMongoError, CountersAway, Unavailable)
NOTHING_KEPT: Final = Kept([], None, {})
T = TypeVar("T")


@dataclass(frozen=True)
class Stored:
    """What MongoDB knows; nothing if it is away."""

    orders: list[OrderCount] | None = None
    outbox: OutboxOverview | None = None
    failed_messages: FailedCount | None = None
    failed_jobs: int | None = None
    rules: list[RuleOverview] | None = None


@operation(role=Role.OPERATOR, writes=False)
def get_overview(*, caller: Principal, at: datetime | None = None) -> Overview:
    """Return what happens now, and in the last hour; a service that is away leaves parts null."""
    at = at or now()
    health = ServiceHealthReport.of(check_services())
    up = {each.name for each in health.services if each.up}
    kept = _ask("redis_cache", up, samples.read)
    stored = _ask("mongodb", up, lambda: _stored(at)) or Stored()
    depths = _ask("rabbitmq", up, queue_depths)
    present = Counters.of(kept.known, at) if kept else None
    before = kept.before if kept else None
    orders, messages = rates_now(kept or NOTHING_KEPT, at)
    shown = kept.samples if kept else []
    return Overview(
        at=at,
        health=health,
        orders=stored.orders,
        orders_per_minute=orders,
        messages_per_second=messages,
        queues=None if depths is None else _queues(depths, kept, present, at),
        functions=_functions(before, present),
        rates_seconds=(at - before.at).total_seconds() if before else None,
        outbox=stored.outbox,
        failed_messages=stored.failed_messages,
        failed_jobs=stored.failed_jobs,
        rules=stored.rules,
        history=history_of(shown),
    )


def _ask(service: str, up: set[str], ask: Callable[[], T]) -> T | None:
    """Return a part of the overview; None if its service is away."""
    if service not in up:
        return None
    try:
        return ask()
    except AWAY as error:
        logger.warning(
            "overview is incomplete: service did not answer",
            probe=service,
            reason=type(error).__name__,
        )
        return None


def _stored(at: datetime) -> Stored:
    failed = failed_waiting(at_most=COUNTED_UP_TO + 1)
    waiting = outbox_backlog(at)
    return Stored(
        orders=[
            OrderCount(
                state=state, orders=min(number, COUNTED_UP_TO), is_more=number > COUNTED_UP_TO
            )
            for state, number in orders_by_state().items()
        ],
        outbox=OutboxOverview(documents=waiting.documents, age_seconds=waiting.age_seconds),
        failed_messages=FailedCount(
            messages=min(failed, COUNTED_UP_TO), is_more=failed > COUNTED_UP_TO
        ),
        failed_jobs=failed_runs(at),
        rules=rules(at),
    )


def _functions(before: Counters | None, present: Counters | None) -> list[FunctionOverview] | None:
    if before is None or present is None or present.at <= before.at:
        return None
    return functions_of(before, present)


def _queues(
    depths: dict[str, QueueDepth | None],
    kept: Kept | None,
    present: Counters | None,
    at: datetime,
) -> list[QueueOverview]:
    found = {name: each for name, each in depths.items() if each is not None}
    ages = queue_ages(found, kept.known) if kept else {}
    before, shown = (kept.before, kept.samples) if kept else (None, [])
    return [
        _queue(
            name,
            each,
            ages.get(name),
            _handling(name, before, present),
            handling_of(name, kept, present, at),
            shown,
        )
        for name, each in found.items()
    ]


def _handling(
    name: str, before: Counters | None, present: Counters | None
) -> dict[str, float | None]:
    """Return how a queue's messages were handled lately."""
    if before is None or present is None or present.at <= before.at:
        names = ("handled_per_minute", "retried_per_minute", "dead_per_minute", "p50_ms", "p95_ms")
        return dict.fromkeys(names)
    minutes = minutes_between(before, present)
    outcomes = grown(before.messages, present.messages, name)
    seconds = grown(before.message_seconds, present.message_seconds, name)
    rates: dict[str, float | None] = {
        f"{outcome}_per_minute": round(outcomes.get(outcome, 0.0) / minutes, 2)
        for outcome in ("handled", "retried", "dead")
    }
    return rates | {"p50_ms": percentile(seconds, 0.5), "p95_ms": percentile(seconds, 0.95)}


def _queue(
    name: str,
    depth: QueueDepth,
    age: float | None,
    rates: dict[str, float | None],
    lately: Handling,
    shown: list[Sample],
) -> QueueOverview:
    past = queue_history(shown, name)
    return QueueOverview(
        name=name,
        messages=depth.messages,
        consumers=depth.consumers,
        state=state_of(name, depth, age, lately),
        age_seconds=None if age is None else round(age, 1),
        lag_seconds=None if lately.lag_seconds is None else round(lately.lag_seconds, 1),
        **rates,
        messages_history=[each and each.messages for each in past],
        age_history=[each and each.age_seconds for each in past],
    )
