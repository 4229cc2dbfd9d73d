"""Measure every minute what waits in outboxes, in queues and among the failed messages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from tidings.monitoring.models import FailedMessage, FailedState
from tidings.monitoring.overview import samples
from tidings.monitoring.relay import OUTBOX_DOCUMENTS
from tidings.monitoring.schemas import QueueStats
from tidings.platform.errors import Unavailable
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.messaging.queue_names import QUEUES
from tidings.platform.messaging.queues import QueueDepth, queue_depths
from tidings.platform.observability import emf, metrics
from tidings.platform.operation import operation
from tidings.platform.schema import Schema
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import now

# The consumer of failed messages counts none, and no function consumes unreadable ones.
CONSUMED_QUEUES: Final[tuple[str, ...]] = tuple(
    name for name in QUEUES if name not in ("failed-messages", "unreadable-messages")
)


class OutboxBacklog(Schema):
    """The number of documents with waiting events, and the age of the oldest event in seconds."""

    documents: int
    age_seconds: float


@operation(role=Role.OPERATOR, writes=False)
def get_queue_stats(*, caller: Principal) -> list[QueueStats]:
    """Return the state of every queue.

    Raises:
        BrokerUnavailable: RabbitMQ did not answer.
    """
    rates, lags = _rates_and_lags()
    return [
        QueueStats(
            name=name,
            messages=depth.messages,
            consumers=depth.consumers,
            handled_per_minute=None if rates is None else rates.get(name, 0.0),
            lag_seconds=lags.get(name),
        )
        for name, depth in queue_depths().items()
        if depth is not None
    ]


def outbox_backlog(at: datetime | None = None) -> OutboxBacklog:
    """Return the backlog of all outboxes."""
    found = [outbox.backlog(each) for each in OUTBOX_DOCUMENTS]
    oldest = min((time for _, time in found if time is not None), default=None)
    age = 0.0 if oldest is None else max(0.0, ((at or now()) - oldest).total_seconds())
    return OutboxBacklog(documents=sum(number for number, _ in found), age_seconds=age)


def failed_waiting(at_most: int | None = None) -> int:
    """Return the number of failed messages that wait for an operator, counted up to a limit."""
    waiting = {"state": FailedState.FAILED.value}
    limit = {} if at_most is None else {"limit": at_most}
    return int(FailedMessage._get_collection().count_documents(waiting, **limit))


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


def measure_backlogs(at: datetime | None = None) -> dict[str, int]:
    """Send the backlogs to CloudWatch, whose alarms template.yaml defines, and keep a sample."""
    waiting, failed = outbox_backlog(), failed_waiting()
    emf.emit("OutboxDocuments", waiting.documents)
    emf.emit("OutboxAge", waiting.age_seconds, "Seconds")
    emf.emit("FailedMessages", failed)
    depths = _depths()
    for name, depth in depths.items():
        emf.emit("QueueDepth", depth.messages, labels={"queue": name})
    deepest = max((each.messages for each in depths.values()), default=0)
    if depths:
        emf.emit("DeepestQueue", deepest)
    stalled = _stalled(depths)
    if stalled is not None:
        emf.emit("StalledQueues", len(stalled))
    emf.emit("BrokerReachable", 1 if depths else 0)
    _keep_sample(at or now(), waiting, failed, depths)
    return {"outbox": waiting.documents, "failed": failed, "deepest_queue": deepest}


def _keep_sample(
    at: datetime, waiting: OutboxBacklog, failed: int, depths: dict[str, QueueDepth]
) -> None:
    """Store a sample for the overview; without Redis its history has a gap."""
    try:
        known = metrics.shared()
        ages, counters = queue_ages(depths, known), samples.Counters.of(known, at)
        sample = samples.Sample(
            at=at,
            orders_placed=samples.orders_placed(known),
            messages=counters.total(),
            queues={
                name: samples.QueueSample(each.messages, ages.get(name))
                for name, each in depths.items()
            },
            outbox_documents=waiting.documents,
            outbox_age_seconds=waiting.age_seconds,
            failed_messages=failed,
        )
        samples.store(sample, counters)
    except metrics.CountersAway as error:
        logger.warning("sample not kept: Redis did not answer", reason=type(error).__name__)


def _stalled(depths: dict[str, QueueDepth]) -> list[str] | None:
    """Return the queues with messages of which none was handled for minutes; None if unknown."""
    rates, _ = _rates_and_lags()
    if rates is None:
        return None
    stalled = [
        name
        for name in CONSUMED_QUEUES
        if name in depths and depths[name].messages and not rates.get(name)
    ]
    if stalled:
        logger.warning("queues not consumed: messages wait, and none is handled", queues=stalled)
    return stalled


def _depths() -> dict[str, QueueDepth]:
    try:
        return {name: each for name, each in queue_depths().items() if each is not None}
    except Unavailable as error:
        logger.error("queue depths not measured: RabbitMQ unavailable", reason=error.message)
        return {}


def _rates_and_lags() -> tuple[dict[str, float] | None, dict[str, float]]:
    try:
        rates = dict(metrics.handled_per_minute())
        found = metrics.shared()
    except metrics.CountersAway:
        return None, {}
    lags = {
        dict(series.labels)["queue"]: value
        for series, value in found.items()
        if series.name == metrics.MESSAGE_LAG
    }
    return rates, lags
