"""The rule `backlogs`: send to CloudWatch what its alarms need, and keep a sample, every minute."""

from collections.abc import Mapping
from datetime import datetime

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
from tidings.platform.timing.clock import now


def measure_backlogs(at: datetime | None = None) -> dict[str, int]:
    """Send the backlogs to CloudWatch, whose alarms template.yaml defines, and keep a sample."""
    at = at or now()
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
    emf.emit("LateRules", len(_late_rules(at)))
    _measure_signing_key(at)
    _measure_counters(at, waiting, failed, depths)
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
    at: datetime, waiting: OutboxBacklog, failed: int, depths: dict[str, QueueDepth]
) -> None:
    """Tell what the counters of the last two minutes say, and store a sample for the overview.

    Without Redis nothing is known, and the overview's history has a gap.
    """
    try:
        kept = samples.read()
        present = Counters.of(kept.known, at)
        if kept.lately is not None:
            _tell_counted(kept.lately, present)
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
