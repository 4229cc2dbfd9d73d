"""What a check found, how bad it is, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

SHOWN = 3
"""The names that a line lists; the others are counted."""


class Level(StrEnum):
    """How bad it is: `bad` is what would wake a person up, `warn` waits until the morning."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    SKIPPED = "skipped"


class Section(StrEnum):
    """The headings of docs/runbook.md that findings name."""

    OUTBOX_IS_LATE = "OutboxIsLate"
    QUEUE_IS_LONG = "QueueIsLong"
    QUEUE_IS_STALLED = "QueueIsStalled"
    QUEUE_HAS_NO_CONSUMER = "QueueHasNoConsumer"
    CONSUMER_IS_SLOW = "ConsumerIsSlow"
    RULE_IS_LATE = "RuleIsLate"
    MESSAGES_FAILED = "MessagesFailed"
    JOBS_FAILED = "JobsFailed"
    SERVICE_IS_AWAY = "ServiceIsAway"
    BRIDGE_IS_NOT_CONSUMING = "BridgeIsNotConsuming"
    REDIS_IS_ALMOST_FULL = "RedisIsAlmostFull"
    RABBITMQ_BLOCKS_PUBLISHERS = "RabbitMQBlocksPublishers"
    FUNCTIONS_FAIL = "FunctionsFail"
    KEYS = "Keys and access"


@dataclass(frozen=True)
class Finding:
    level: Level
    found: str
    do: str = ""
    """A command, or what else to do."""
    section: Section | None = None


class CannotCheckError(Exception):
    """A check cannot be made now; the text says why."""


def ok(found: str) -> Finding:
    return Finding(Level.OK, found)


def warn(found: str, do: str, section: Section | None = None) -> Finding:
    return Finding(Level.WARN, found, do, section)


def bad(found: str, do: str, section: Section | None = None) -> Finding:
    return Finding(Level.BAD, found, do, section)


def skipped(reason: str, do: str = "") -> Finding:
    return Finding(Level.SKIPPED, reason, do)


def listed(things: Iterable[object]) -> str:
    """Return the first things, and how many more there are."""
    texts = [str(each) for each in things]
    more = len(texts) - SHOWN
    return ", ".join(texts[:SHOWN]) + (f" and {more} more" if more > 0 else "")
