"""The samples of the last two hours, which the rule `backlogs` stores each minute in the cache.

If Redis loses them, only the history is lost. Older counters of each function are kept for some
minutes, because they are much larger than a sample.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from pydantic import Field, ValidationError

from tidings.platform.caching import cache
from tidings.platform.logging import logger
from tidings.platform.observability import metrics
from tidings.platform.observability.metrics import Series
from tidings.platform.retention import in_redis
from tidings.platform.schema import Schema

SAMPLES_KEPT: Final = 120
SAMPLES_SHOWN: Final = 60
# The rates of functions and queues are over this number of minutes.
COUNTERS_KEPT: Final = 5
# A history that ended hours ago says nothing of now.
KEPT_SECONDS: Final = in_redis.OVERVIEW.seconds
ORDER_PLACED: Final = "order.placed"

# By function or queue: the number of each outcome, or of each edge of the histogram.
Numbers = dict[str, dict[str, float]]


class QueueSample(NamedTuple):
    """The messages of a queue, and the estimated age of the oldest one."""

    messages: int
    age_seconds: float | None


class Sample(Schema):
    """What was measured at one time; counters count from their beginning."""

    at: datetime
    orders_placed: float
    messages: dict[str, float]
    queues: dict[str, QueueSample]
    outbox_documents: int
    outbox_age_seconds: float
    failed_messages: int


class Counters(Schema):
    """The counters of each function, of each queue and of access tokens at one time."""

    at: datetime
    calls: Numbers
    call_seconds: Numbers
    messages: Numbers
    message_seconds: Numbers
    # Slow batches by queue, access tokens by outcome. Counters of an earlier release have none.
    slow: dict[str, float] = Field(default_factory=dict)
    tokens: dict[str, float] = Field(default_factory=dict)

    @classmethod
    def of(cls, known: Mapping[Series, float], at: datetime) -> "Counters":
        return cls(
            at=at,
            calls=_by(known, metrics.INVOCATIONS, "function", "outcome"),
            call_seconds=_by(known, f"{metrics.INVOCATION_SECONDS}_bucket", "function", "le"),
            messages=_by(known, metrics.MESSAGES, "queue", "outcome"),
            message_seconds=_by(known, f"{metrics.MESSAGE_SECONDS}_bucket", "queue", "le"),
            slow=_all(known, metrics.SLOW_BATCHES, "queue"),
            tokens=_all(known, metrics.ACCESS_TOKENS, "outcome"),
        )

    def total(self) -> dict[str, float]:
        """Return the messages of all queues by outcome."""
        total: defaultdict[str, float] = defaultdict(float)
        for outcomes in self.messages.values():
            for outcome, number in outcomes.items():
                total[outcome] += number
        return dict(total)


class Kept(NamedTuple):
    """What the cache has: samples, oldest first, the counters of minutes ago, and those of now."""

    samples: list[Sample]
    before: Counters | None
    known: dict[Series, float]
    # The counters of one or two minutes ago.
    lately: Counters | None = None


def orders_placed(known: Mapping[Series, float]) -> float:
    return known.get(Series(metrics.EVENTS, (("type", ORDER_PLACED),)), 0.0)


def store(sample: Sample | None, counters: Counters) -> None:
    """Add a sample, if there is one, and the counters of now, in one round trip.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    pipeline = cache.client().pipeline(transaction=False)
    for key, value, kept in (
        (_samples(), sample, SAMPLES_KEPT),
        (_counters(), counters, COUNTERS_KEPT),
    ):
        if value is None:
            continue
        pipeline.lpush(key, value.model_dump_json())
        pipeline.ltrim(key, 0, kept - 1)
        pipeline.expire(key, KEPT_SECONDS)
    pipeline.execute()


def read() -> Kept:
    """Return what is kept, in one round trip.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    pipeline = cache.client().pipeline(transaction=False)
    pipeline.lrange(_samples(), 0, SAMPLES_SHOWN)
    pipeline.lindex(_counters(), -1)
    pipeline.lindex(_counters(), 1)
    metrics.ask_shared(pipeline)
    texts, before, lately, shared = pipeline.execute()
    found = [sample for text in reversed(texts) if (sample := _parsed(Sample, text)) is not None]
    return Kept(
        sorted(found, key=lambda each: each.at),
        None if before is None else _parsed(Counters, before),
        metrics.read_shared(shared),
        None if lately is None else _parsed(Counters, lately),
    )


def _parsed(model: Any, text: str) -> Any:
    """Return what was stored, or None if another version of the code stored it."""
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        logger.warning("sample left out: it has another form", reason=error.title)
        return None


def _by(known: Mapping[Series, float], name: str, key: str, part: str) -> Numbers:
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for series, value in known.items():
        if series.name == name:
            labels = dict(series.labels)
            found[labels[key]][labels[part]] = value
    return dict(found)


def _all(known: Mapping[Series, float], name: str, label: str) -> dict[str, float]:
    return {
        dict(series.labels)[label]: value for series, value in known.items() if series.name == name
    }


def _samples() -> str:
    return cache.key("overview", "samples")


def _counters() -> str:
    return cache.key("overview", "counters")
