"""Check the clocks: tokens, leases and ages compare times of different machines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime

from redis.exceptions import RedisError

from .broker import broker_of
from .finding import CannotCheckError, Finding, bad, listed, ok, skipped, warn
from .installation import Installation, asking
from .redis_stores import redis_client
from .stored import documents_of

WARN_SECONDS = 3
BAD_SECONDS = 60
SYNCHRONISE = "synchronise the clocks (timedatectl set-ntp true)"

Clock = Callable[[], datetime]


def check_clocks(installation: Installation) -> Finding:
    clocks: dict[str, Clock] = {
        "MongoDB": lambda: _mongodb(installation),
        "Redis": lambda: _redis(installation),
        "RabbitMQ": lambda: broker_of(installation).clock(),
    }
    differences = {
        name: each for name, clock in clocks.items() if (each := difference(clock)) is not None
    }
    return clocks_finding(differences)


def clocks_finding(differences: Mapping[str, float]) -> Finding:
    """Say which clocks differ from this machine's, by seconds."""
    if not differences:
        return skipped("no service answers")
    told = listed(f"{name} {seconds:+.0f} s" for name, seconds in differences.items())
    largest = max(abs(each) for each in differences.values())
    if largest > BAD_SECONDS:
        return bad(f"clocks differ from this machine's: {told}", SYNCHRONISE)
    if largest > WARN_SECONDS:
        return warn(f"clocks differ from this machine's: {told}", SYNCHRONISE)
    return ok(f"{', '.join(differences)} have this machine's time")


def difference(clock: Clock) -> float | None:
    """Return by how many seconds a clock is ahead; 0 if it is within the time of the question."""
    before = datetime.now(UTC)
    try:
        there = clock()
    except CannotCheckError:
        return None
    after = datetime.now(UTC)
    if there > after:
        return (there - after).total_seconds()
    return min((there - before).total_seconds(), 0.0)


def _mongodb(installation: Installation) -> datetime:
    with documents_of(installation) as documents:
        found: datetime = documents.admin.command("hello")["localTime"]
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _redis(installation: Installation) -> datetime:
    url = installation.connections.redis_url
    with asking("Redis", RedisError), closing(redis_client(url)) as redis:
        seconds, microseconds = redis.time()
    return datetime.fromtimestamp(seconds + microseconds / 1e6, UTC)
