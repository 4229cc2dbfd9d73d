"""Measure what waits in outboxes, in queues and among the failed messages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from tidings.monitoring.models import FailedMessage, FailedState
from tidings.monitoring.relay import OUTBOX_DOCUMENTS
from tidings.platform.messaging import outbox
from tidings.platform.messaging.queue_names import QUEUES
from tidings.platform.messaging.queues import QueueDepth
from tidings.platform.observability import metrics
from tidings.platform.schema import Schema
from tidings.platform.timing.clock import now

# The consumer of failed messages counts none, and no function consumes unreadable ones.
CONSUMED_QUEUES: Final[tuple[str, ...]] = tuple(
    name for name in QUEUES if name not in ("failed-messages", "unreadable-messages")
)


class OutboxBacklog(Schema):
    """The number of documents with waiting events, and the age of the oldest event in seconds.

    Of each collection, at most `COUNTED_UP_TO` documents are counted.
    """

    documents: int
    age_seconds: float


def outbox_backlog(at: datetime | None = None) -> OutboxBacklog:
    """Return the backlog of all outboxes."""
    found = [outbox.backlog(each) for each in OUTBOX_DOCUMENTS]
    oldest = min((time for _, time in found if time is not None), default=None)
    age = 0.0 if oldest is None else max(0.0, ((at or now()) - oldest).total_seconds())
    return OutboxBacklog(documents=sum(number for number, _ in found), age_seconds=age)


def failed_waiting(at_most: int) -> int:
    """Return the number of failed messages that wait for an operator, counted up to a limit."""
    waiting = {"state": FailedState.FAILED.value}
    return int(FailedMessage._get_collection().count_documents(waiting, limit=at_most))


def queue_ages(
    depths: Mapping[str, QueueDepth], known: Mapping[metrics.Series, float] | None = None
) -> dict[str, float]:
    """Return the estimated age of the oldest message of each consumed queue.

    Without Redis the ages are not known, and the answer is empty.

    Args:
        known: the counters of all environments, if they were read already.
    """
    consumed = {name: depths[name].messages for name in CONSUMED_QUEUES if name in depths}
    try:
        return metrics.ages(consumed, metrics.shared() if known is None else known)
    except metrics.CountersAway:
        return {}
