"""The rule `backlogs`: send to CloudWatch what its alarms need, and keep a sample, every minute."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from tidings.monitoring.backlogs import (
    CONSUMED_QUEUES,
    OutboxBacklog,
    failed_waiting,
    outbox_backlog,
    queue_ages,
)
from tidings.monitoring.overview import samples
from tidings.monitoring.overview.rates import increases
from tidings.monitoring.overview.rules import rules
from tidings.monitoring.overview.samples import Counters
from tidings.platform.errors import Unavailable
from tidings.platform.logging import logger
from tidings.platform.messaging.queues import QueueDepth, queue_depths
from tidings.platform.observability import emf, metrics
from tidings.platform.secrets import SecretsManagerError
from tidings.platform.security.auth import TokenOutcome, signing_since
from tidings.platform.storage.united import COUNTED_UP_TO
from tidings.platform.timing.clock import now

T = TypeVar("T")


class _Parts:
    """Measures parts one after the other; one that fails does not stop the next."""

    def __init__(self) -> None:
        self.failures: list[Exception] = []

    def measure(self, name: str, measured: Callable[[], T]) -> T | None:
        """Return what was measured; None if it failed."""
        try:
            return measured()
        except Exception as error:  # noqa: BLE001 (it is raised after the other parts)
            logger.error("backlogs not measured", probe=name, reason=type(error).__name__)
            self.failures.append(error)
            return None


def measure_backlogs(at: datetime | None = None) -> dict[str, int]:
    """Send the backlogs to CloudWatch, whose alarms template.yaml defines, and keep a sample.

    If a part cannot be measured, the others are sent all the same, and then its error is raised.
    """
    at, parts = at or now(), _Parts()
    waiting = parts.measure("outbox", _measure_outbox)
    failed = parts.measure("failed_messages", _measure_failed)
    depths = parts.measure("queues", _measure_queues) or {}
    parts.measure("rules", lambda: emf.emit("LateRules", len(_late_rules(at))))
    parts.measure("signing_key", lambda: _measure_signing_key(at))
    parts.measure("counters", lambda: _measure_counters(at, waiting, failed, depths))
    if waiting is None or failed is None or parts.failures:
        raise parts.failures[0]
    deepest = max((each.messages for each in depths.values()), default=0)
    return {"outbox": waiting.documents, "failed": failed, "deepest_queue": deepest}


def slow_queues(before: Counters, present: Counters) -> list[str]:
    """Return the queues of which a batch was slow between two times."""
    return [name for name, more in increases(before.slow, present.slow).items() if more]


def refused_tokens(before: Counters, present: Counters) -> float:
    """Return how many access tokens were refused for their key, if no issued token was accepted.

    The tokens of a forger or of an outdated client are refused, too. But then those of others are
    accepted, or no token was issued, and the answer is 0.
    """
    grown = increases(before.tokens, present.tokens)
    if grown.get(TokenOutcome.VERIFIED) or not grown.get(TokenOutcome.ISSUED):
        return 0.0
    return grown.get(TokenOutcome.UNKNOWN_KEY, 0.0) + grown.get(TokenOutcome.BAD_SIGNATURE, 0.0)


def _measure_outbox() -> OutboxBacklog:
    waiting = outbox_backlog()
    emf.emit("OutboxDocuments", waiting.documents)
    emf.emit("OutboxAge", waiting.age_seconds, "Seconds")
    return waiting


def _measure_failed() -> int:
    failed = failed_waiting(COUNTED_UP_TO)
    emf.emit("FailedMessages", failed)
    return failed


def _measure_queues() -> dict[str, QueueDepth]:
    """Tell the depth of each queue; without RabbitMQ only that it is away."""
    depths = _depths()
    emf.emit("BrokerReachable", 1 if depths else 0)
    for name, depth in depths.items():
        emf.emit("QueueDepth", depth.messages, labels={"queue": name})
    if depths:
        emf.emit("DeepestQueue", max(each.messages for each in depths.values()))
    stalled = _stalled(depths)
    if stalled is not None:
        emf.emit("StalledQueues", len(stalled))
    return depths


def _late_rules(at: datetime) -> list[str]:
    late = [each.name for each in rules(at) if each.is_late]
    if late:
        logger.warning("rules are late: a run that was due is missing", rules=late)
    return late


def _measure_signing_key(at: datetime) -> None:
    """Tell the age of the signing key, if it is recorded."""
    try:
        since = signing_since()
    except SecretsManagerError as error:
        logger.warning("age of the signing key not measured", reason=str(error))
        return
    if since is not None:
        emf.emit("SigningKeyAge", (at - since).total_seconds(), "Seconds")
        metrics.note(metrics.SIGNING_KEY_CREATED, since.timestamp())


def _measure_counters(
    at: datetime, waiting: OutboxBacklog | None, failed: int | None, depths: dict[str, QueueDepth]
) -> None:
    """Tell what the counters of the last two minutes say, and store a sample for the overview.

    Without Redis nothing is known, and the overview's history has a gap. It also has one if a
    backlog could not be measured, but the counters are stored.
    """
    try:
        kept = samples.read()
        present = Counters.of(kept.known, at)
        if kept.lately is not None:
            _tell_counted(kept.lately, present)
        if waiting is None or failed is None:
            samples.store(None, present)
        else:
            _store_sample(at, waiting, failed, depths, kept.known)
    except metrics.CountersAway as error:
        logger.warning("sample not kept: Redis did not answer", reason=type(error).__name__)


def _tell_counted(lately: Counters, present: Counters) -> None:
    if slow := slow_queues(lately, present):
        logger.warning("consumers are slow: a batch took long", queues=slow)
    emf.emit("SlowConsumers", len(slow))
    if refused := refused_tokens(lately, present):
        logger.warning("access tokens are refused, and none is accepted", tokens=refused)
    emf.emit("RefusedTokens", refused)


def _store_sample(
    at: datetime,
    waiting: OutboxBacklog,
    failed: int,
    depths: dict[str, QueueDepth],
    known: Mapping[metrics.Series, float],
) -> None:
    ages, counters = queue_ages(depths, known), Counters.of(known, at)
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


def _stalled(depths: dict[str, QueueDepth]) -> list[str] | None:
    """Return the queues with messages of which none was handled for minutes; None if unknown."""
    try:
        rates = metrics.handled_per_minute()
    except metrics.CountersAway:
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
