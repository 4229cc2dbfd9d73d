"""Numbers that many processes count together: summed here, added up in Redis now and then.

Each environment of each function is a process of its own that nobody can scrape; what they
count lies in one hash, which `GET /metrics` reads. Where Redis is away, counting goes on here.
"""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from redis import RedisError

from tidings.platform import cache
from tidings.platform.clock import now
from tidings.platform.logging import logger

BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
# A busy environment does not ask Redis at each call.
FLUSH_SECONDS: Final = 1.0
REST_SECONDS: Final = 5.0
RATE_MINUTES: Final = 5

MESSAGES: Final = "tidings_messages"
MESSAGE_SECONDS: Final = "tidings_message_seconds"
MESSAGE_LAG: Final = "tidings_message_lag_seconds"
INVOCATIONS: Final = "tidings_invocations"
INVOCATION_SECONDS: Final = "tidings_invocation_seconds"

# What `shared` and `handled_per_minute` raise.
CountersAway: Final = RedisError

_lock = threading.Lock()
_added: defaultdict[str, float] = defaultdict(float)
_noted: dict[str, float] = {}
_handled: defaultdict[str, int] = defaultdict(int)
_not_before = 0.0


class Series(NamedTuple):
    """One line of numbers: a name and its labels."""

    name: str
    labels: tuple[tuple[str, str], ...]


def count(name: str, labels: Mapping[str, str], amount: float = 1.0) -> None:
    with _lock:
        _added[_field(name, labels)] += amount


def observe(name: str, labels: Mapping[str, str], seconds: float) -> None:
    """Count a duration into its histogram."""
    edge = next((str(each) for each in BUCKETS if seconds <= each), "+Inf")
    count(f"{name}_bucket", {**labels, "le": edge})
    count(f"{name}_sum", labels, seconds)


def count_message(queue: str, outcome: str, seconds: float, happened_at: datetime | None) -> None:
    """Count a message that a consumer has done with, in whatever way."""
    count(MESSAGES, {"queue": queue, "outcome": outcome})
    observe(MESSAGE_SECONDS, {"queue": queue}, seconds)
    with _lock:
        _handled[queue] += 1
        if happened_at is not None and happened_at.tzinfo is not None:
            lag = (now() - happened_at).total_seconds()
            _noted[_field(MESSAGE_LAG, {"queue": queue})] = max(0.0, lag)


@contextmanager
def timed_invocation(function: str) -> Iterator[None]:
    """Count an invocation of a function, how it ended and how long it took."""
    started, outcome = time.perf_counter(), "error"
    try:
        yield
        outcome = "ok"
    except Exception as error:
        outcome = "error" if getattr(error, "status", 500) >= 500 else "refused"
        raise
    finally:
        count(INVOCATIONS, {"function": function, "outcome": outcome})
        observe(INVOCATION_SECONDS, {"function": function}, time.perf_counter() - started)
        flush()


def flush() -> None:
    """Add what was counted here to what is counted in Redis; nothing is said where it is away."""
    global _not_before
    if time.monotonic() < _not_before:
        return
    with _lock:
        added, noted, handled = dict(_added), dict(_noted), dict(_handled)
        _added.clear()
        _noted.clear()
        _handled.clear()
    try:
        _add(added, noted, handled)
        _not_before = time.monotonic() + FLUSH_SECONDS
    except RedisError as error:
        _not_before = time.monotonic() + REST_SECONDS
        logger.warning("numbers are not counted together", reason=type(error).__name__)
        with _lock:
            for field, amount in added.items():
                _added[field] += amount


def shared() -> dict[Series, float]:
    """Return what all environments counted.

    Raises:
        redis.RedisError: Redis is away.
    """
    found: Any = cache.client().hgetall(_key())
    return {_series(field): float(value) for field, value in found.items()}


def handled_per_minute(at: datetime | None = None) -> Mapping[str, float]:
    """Return by queue how many messages were handled, on average of the last minutes.

    Raises:
        redis.RedisError: Redis is away.
    """
    at = at or now()
    pipeline = cache.client().pipeline(transaction=False)
    for minutes in range(1, RATE_MINUTES + 1):
        pipeline.hgetall(_minute_key(at - timedelta(minutes=minutes)))
    totals: defaultdict[str, float] = defaultdict(float)
    for minute in pipeline.execute():
        for queue, number in minute.items():
            totals[queue] += float(number)
    return {queue: total / RATE_MINUTES for queue, total in totals.items()}


def _add(added: dict[str, float], noted: dict[str, float], handled: dict[str, int]) -> None:
    pipeline = cache.client().pipeline(transaction=False)
    for field, amount in added.items():
        pipeline.hincrbyfloat(_key(), field, amount)
    for field, value in noted.items():
        pipeline.hset(_key(), field, str(value))
    if handled:
        minute = _minute_key(now())
        for queue, number in handled.items():
            pipeline.hincrby(minute, queue, number)
        pipeline.expire(minute, 60 * (RATE_MINUTES + 2))
    pipeline.execute()


def _key() -> str:
    return cache.key("metrics")


def _minute_key(at: datetime) -> str:
    return cache.key("metrics", "handled", at.strftime("%Y%m%d%H%M"))


def _field(name: str, labels: Mapping[str, str]) -> str:
    return json.dumps([name, sorted(labels.items())])


def _series(field: str) -> Series:
    name, labels = json.loads(field)
    return Series(name, tuple((label, value) for label, value in labels))
