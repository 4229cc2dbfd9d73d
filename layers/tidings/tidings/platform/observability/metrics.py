"""Metrics of all processes: each process counts in memory and regularly adds to Redis.

Each environment of each function is a process that Prometheus cannot scrape, so all add to one
Redis hash, which `GET /metrics` reads. While Redis is unavailable, a process keeps its counts.

Labels are names that the code or the deployment knows: functions, fields, queues, event types,
channels, providers, states. Ids and input are no labels. A process counts at most `MAX_SERIES`
series.
"""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple

from redis.exceptions import RedisError

from tidings.platform.caching import cache
from tidings.platform.logging import logger
from tidings.platform.storage.resting import REST_SECONDS
from tidings.platform.timing.clock import now

BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
# The alert ConsumerIsSlow has the same time.
SLOW_BATCH_SECONDS: Final = 10.0
# A busy environment does not call Redis at each invocation.
FLUSH_SECONDS: Final = 1.0
RATE_MINUTES: Final = 5
# Texts that wait for a flush; without Redis, further ones are dropped.
MAX_APPENDED: Final = 1000
# The gateway has the most, about 300.
MAX_SERIES: Final = 1000

MESSAGES: Final = "tidings_messages"
MESSAGE_SECONDS: Final = "tidings_message_seconds"
MESSAGE_LAG: Final = "tidings_message_lag_seconds"
INVOCATIONS: Final = "tidings_invocations"
INVOCATION_SECONDS: Final = "tidings_invocation_seconds"
GRAPHQL_FIELDS: Final = "tidings_graphql_fields"
EVENTS: Final = "tidings_events"
DELIVERIES: Final = "tidings_deliveries"
PROVIDER_CALLS: Final = "tidings_provider_calls"
ACCESS_TOKENS: Final = "tidings_access_tokens"
# Calls that were refused, because their caller made too many.
RATE_LIMITED: Final = "tidings_rate_limited"
# Calls that passed uncounted, because Redis did not answer or is full.
CALLS_NOT_COUNTED: Final = "tidings_calls_not_counted"
# Batches of messages that took `SLOW_BATCH_SECONDS` or more.
SLOW_BATCHES: Final = "tidings_slow_batches"
# Seconds since 1970.
SIGNING_KEY_CREATED: Final = "tidings_signing_key_created_timestamp_seconds"
# Counts that were not accepted, because the process has `MAX_SERIES` series.
UNCOUNTED: Final = "tidings_uncounted"
# Not exposed: the age of a queue follows from them.
HANDLED_AT: Final = "message_handled_at"
WAITING_SINCE: Final = "queue_waiting_since"

# The error that `shared` and `handled_per_minute` raise.
CountersAway: Final = RedisError

_lock = threading.Lock()
_added: defaultdict[str, float] = defaultdict(float)
_noted: dict[str, float] = {}
_handled: defaultdict[str, int] = defaultdict(int)
_known: set[str] = set()
_later: threading.Timer | None = None
_not_before = 0.0
# Whether the last flush failed.
_rests = False


class Series(NamedTuple):
    """A metric's name and labels."""

    name: str
    labels: tuple[tuple[str, str], ...]


class Appended(NamedTuple):
    """A text for the beginning of a list in Redis, which keeps the latest ones for a time."""

    key: str
    text: str
    kept: int
    seconds: int


_appended: list[Appended] = []


def count(name: str, labels: Mapping[str, str], amount: float = 1.0) -> None:
    field = _field(name, labels)
    with _lock:
        if field not in _known:
            if len(_known) >= MAX_SERIES:
                field = _field(UNCOUNTED, {})
            _known.add(field)
        _added[field] += amount


def observe(name: str, labels: Mapping[str, str], seconds: float) -> None:
    """Count a duration in its histogram."""
    edge = next((str(each) for each in BUCKETS if seconds <= each), "+Inf")
    count(f"{name}_bucket", {**labels, "le": edge})
    count(f"{name}_sum", labels, seconds)


def count_message(queue: str, outcome: str, seconds: float, happened_at: datetime | None) -> None:
    """Count a message that a consumer handled, retried or dead-lettered."""
    duration_ms = round(seconds * 1000, 1)
    logger.debug("message ended", queue=queue, outcome=outcome, duration_ms=duration_ms)
    count(MESSAGES, {"queue": queue, "outcome": outcome})
    observe(MESSAGE_SECONDS, {"queue": queue}, seconds)
    with _lock:
        _handled[queue] += 1
        if happened_at is not None and happened_at.tzinfo is not None:
            handled_at, of = now(), {"queue": queue}
            lag = (handled_at - happened_at).total_seconds()
            _noted[_field(MESSAGE_LAG, of)] = max(0.0, lag)
            _noted[_field(HANDLED_AT, of)] = handled_at.timestamp()


def count_batch(queue: str, seconds: float) -> None:
    """Count a batch of messages if it was slow."""
    if seconds >= SLOW_BATCH_SECONDS:
        count(SLOW_BATCHES, {"queue": queue})


def note(name: str, value: float) -> None:
    """Set a value that is the same for all processes."""
    with _lock:
        _noted[_field(name, {})] = value


def append(key: str, text: str, kept: int, seconds: int) -> None:
    """Add a text to a bounded list with the next flush, which then does not wait."""
    with _lock:
        if len(_appended) < MAX_APPENDED:
            _appended.append(Appended(key, text, kept, seconds))


def outcome_of(error: Exception | None) -> str:
    """Return the outcome of a call that ended with this error."""
    if error is None:
        return "ok"
    return "error" if getattr(error, "status", 500) >= 500 else "refused"


@contextmanager
def timed_invocation(function: str) -> Iterator[None]:
    """Count an invocation of a function, its outcome and its duration."""
    started, outcome = time.perf_counter(), "error"
    try:
        yield
        outcome = outcome_of(None)
    except Exception as error:
        outcome = outcome_of(error)
        raise
    finally:
        seconds = time.perf_counter() - started
        count(INVOCATIONS, {"function": function, "outcome": outcome})
        observe(INVOCATION_SECONDS, {"function": function}, seconds)
        logger.debug("invocation ended", outcome=outcome, duration_ms=round(seconds * 1000, 1))
        flush()


def flush() -> None:
    """Add this process's counts to Redis, now or at most `FLUSH_SECONDS` later.

    If Redis is unavailable, log that and keep the counts.
    """
    global _not_before, _rests
    if (wait := _not_before - time.monotonic()) > 0 and (_rests or not _appended):
        _flush_later(wait)
        return
    with _lock:
        added, noted, handled = dict(_added), dict(_noted), dict(_handled)
        appended = list(_appended)
        _appended.clear()
        _added.clear()
        _noted.clear()
        _handled.clear()
    try:
        _add(added, noted, handled, appended)
        _not_before, _rests = time.monotonic() + FLUSH_SECONDS, False
    except RedisError as error:
        _not_before, _rests = time.monotonic() + REST_SECONDS, True
        logger.warning(
            "metrics kept in this process: Redis did not answer", reason=type(error).__name__
        )
        with _lock:
            for field, amount in added.items():
                _added[field] += amount
            _appended[:0] = appended


def _flush_later(wait: float) -> None:
    """Flush also if no other call follows; on Lambda the timer waits until the next one."""
    global _later
    with _lock:
        if _later is None and _added:
            _later = threading.Timer(wait, _flush_rest)
            _later.daemon = True
            _later.start()


def _flush_rest() -> None:
    global _later
    with _lock:
        _later = None
    flush()


def shared() -> dict[Series, float]:
    """Return the counts of all environments.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    found: Any = cache.client().hgetall(_key())
    return read_shared(found)


def ask_shared(pipeline: Any) -> None:
    """Add the command of `shared` to a pipeline; `read_shared` reads its result."""
    pipeline.hgetall(_key())


def read_shared(found: Mapping[str, str]) -> dict[Series, float]:
    return {_series(field): float(value) for field, value in found.items()}


def ages(depths: Mapping[str, int], known: Mapping[Series, float]) -> dict[str, float]:
    """Return by queue about how many seconds its oldest message waits; note the queues with some.

    RabbitMQ does not tell the age of a message. A queue is in order, so its oldest message came
    after the last handled one, and after the queue was last seen empty.

    Args:
        known: the result of `shared`.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    moment = now().timestamp()
    pipeline = cache.client().pipeline(transaction=False)
    found: dict[str, float] = {}
    for queue, depth in depths.items():
        of = (("queue", queue),)
        field, since = _field(WAITING_SINCE, dict(of)), known.get(Series(WAITING_SINCE, of))
        if not depth:
            found[queue] = 0.0
            if since is not None:
                pipeline.hdel(_key(), field)
            continue
        if since is None:
            pipeline.hsetnx(_key(), field, str(moment))
        last_came = known.get(Series(HANDLED_AT, of), 0.0) - known.get(Series(MESSAGE_LAG, of), 0.0)
        found[queue] = max(0.0, moment - max(last_came, since or moment))
    if pipeline:
        pipeline.execute()
    return found


def handled_per_minute(at: datetime | None = None) -> Mapping[str, float]:
    """Return by queue how many messages were handled per minute, averaged over `RATE_MINUTES`.

    Raises:
        redis.RedisError: Redis is unavailable.
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


def _add(
    added: dict[str, float],
    noted: dict[str, float],
    handled: dict[str, int],
    appended: Sequence[Appended],
) -> None:
    client = cache.client()  # kept until the end: the library closes connections with their client
    pipeline = client.pipeline(transaction=False)
    for field, amount in added.items():
        pipeline.hincrbyfloat(_key(), field, amount)
    for field, value in noted.items():
        pipeline.hset(_key(), field, str(value))
    if handled:
        minute = _minute_key(now())
        for queue, number in handled.items():
            pipeline.hincrby(minute, queue, number)
        pipeline.expire(minute, 60 * (RATE_MINUTES + 2))
    for each in appended:
        pipeline.lpush(each.key, each.text)
        pipeline.ltrim(each.key, 0, each.kept - 1)
        pipeline.expire(each.key, each.seconds)
    pipeline.execute()


def _key() -> str:
    return cache.key("metrics")


def _minute_key(at: datetime) -> str:
    return cache.key("metrics", "handled", at.strftime("%Y%m%d%H%M"))


def _field(name: str, labels: Mapping[str, str]) -> str:
    return _encoded(name, tuple(labels.items()))


@lru_cache(maxsize=2 * MAX_SERIES)
def _encoded(name: str, labels: tuple[tuple[str, str], ...]) -> str:
    return json.dumps([name, sorted(labels)])


def _series(field: str) -> Series:
    name, labels = json.loads(field)
    return Series(name, tuple((label, value) for label, value in labels))
