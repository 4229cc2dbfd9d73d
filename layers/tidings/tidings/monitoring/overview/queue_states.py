"""The state of a queue: the worst that its numbers say, from the latest minute or two."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from tidings.monitoring.backlogs import CONSUMED_QUEUES, queue_ages
from tidings.monitoring.overview.rates import grown
from tidings.monitoring.overview.samples import Counters, Kept
from tidings.monitoring.overview.schemas import QueueState
from tidings.platform.messaging.queue_names import QUEUES
from tidings.platform.messaging.queues import QueueDepth
from tidings.platform.observability import metrics
from tidings.platform.observability.metrics import Series

# Retries wait for their time, and unreadable messages for a person.
HAVE_CONSUMERS: Final = frozenset(QUEUES) - {"unreadable-messages"}
# The alert QueueIsStalled has the same time.
OLD_SECONDS: Final = 300.0
# Messages that a slow function holds are not in its queue. Their age when they are handled tells.
SLOW_SECONDS: Final = 10.0
# An older message was more likely redriven than handled slowly; its queue would be stalled.
SLOW_AT_MOST_SECONDS: Final = 600.0
# A message that was handled before this time says nothing of now.
LATELY_SECONDS: Final = 120.0


class Handling(NamedTuple):
    """How a queue's messages were handled lately."""

    handled: float = 0.0
    retried: float = 0.0
    dead: float = 0.0
    # The age of the last message when it was handled; None if none was lately.
    lag_seconds: float | None = None
    # A retried message is late because it waited.
    has_retries: bool = False


def handling_of(name: str, kept: Kept | None, present: Counters | None, at: datetime) -> Handling:
    """Return what the counters say of a queue; nothing without Redis."""
    if kept is None or present is None:
        return Handling()
    lately = kept.lately or kept.before
    numbers = grown(lately.messages, present.messages, name) if lately else {}
    earlier = grown(kept.before.messages, present.messages, name) if kept.before else {}
    return Handling(
        handled=numbers.get("handled", 0.0),
        retried=numbers.get("retried", 0.0),
        dead=numbers.get("dead", 0.0),
        lag_seconds=_lag(name, kept, at),
        has_retries=bool(earlier.get("retried")),
    )


def _lag(name: str, kept: Kept, at: datetime) -> float | None:
    of = (("queue", name),)
    handled_at = kept.known.get(Series(metrics.HANDLED_AT, of))
    if handled_at is None or at.timestamp() - handled_at > LATELY_SECONDS:
        return None
    return kept.known.get(Series(metrics.MESSAGE_LAG, of))


def states_of(
    depths: Mapping[str, QueueDepth], kept: Kept | None, at: datetime
) -> dict[str, QueueState]:
    """Return the state of each queue; without Redis only its depth tells."""
    present = Counters.of(kept.known, at) if kept else None
    ages = queue_ages(depths, kept.known) if kept else {}
    return {
        name: state_of(name, depth, ages.get(name), handling_of(name, kept, present, at))
        for name, depth in depths.items()
    }


def state_of(name: str, depth: QueueDepth, age: float | None, handling: Handling) -> QueueState:
    """Return what is wrong with a queue, worst first."""
    is_consumed = name in CONSUMED_QUEUES
    if name in HAVE_CONSUMERS and not depth.consumers:
        return QueueState.NO_CONSUMER
    if handling.dead:
        return QueueState.FAILING
    if is_consumed and (age or 0) > OLD_SECONDS and not handling.handled:
        return QueueState.STALLED
    if handling.retried:
        return QueueState.RETRYING
    if is_consumed and _is_slow(handling):
        return QueueState.SLOW
    return QueueState.WAITING if depth.messages else QueueState.QUIET


def _is_slow(handling: Handling) -> bool:
    lag = handling.lag_seconds or 0.0
    return SLOW_SECONDS <= lag <= SLOW_AT_MOST_SECONDS and not handling.has_retries
