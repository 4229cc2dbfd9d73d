"""Rate limits, counted in Redis per network address, account or user.

While Redis is unavailable, a limit raises Redis's error and the request is refused. Only calls of
signed-in users (`admission.admit`) pass uncounted.
"""

import hashlib
import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from redis.exceptions import OutOfMemoryError, RedisError

from tidings.platform.context import caller_address
from tidings.platform.errors import NotYet, RateLimited
from tidings.platform.logging import logger
from tidings.platform.security import store
from tidings.platform.settings import settings
from tidings.platform.storage.resting import Resting

# Providers assign a whole block of IPv6 addresses of this size to one customer.
IPV6_PREFIX: Final = 64

resting = Resting("limits and ended sessions not checked: Redis did not answer")


class Counted(NamedTuple):
    """Redis's answer to a count."""

    # None if Redis is full and did not count.
    taken: int | None
    seconds_left: int

    def refuse_beyond(self, times: int) -> None:
        if self.taken is not None and self.taken > times:
            raise RateLimited(max(1, self.seconds_left))


class Part(NamedTuple):
    """The part of some times that a limit allows, and when it allows more."""

    allowed: int
    seconds_left: int


@dataclass(frozen=True)
class Limit:
    """A maximum number of times in a period, which starts with the first time."""

    name: str
    times: int
    seconds: int

    def take(self, subject: str) -> None:
        """Count one time for a subject.

        Raises:
            RateLimited: the maximum is exceeded.
            redis.RedisError: Redis is unavailable or full.
        """
        counted = count(self, subject)
        if counted.taken is None:
            raise OutOfMemoryError("the security store is full")
        counted.refuse_beyond(self.times)

    def take_if_counted(self, subject: str) -> None:
        """Count one time for a subject; allow every subject while Redis is unavailable.

        Raises:
            RateLimited: the maximum is exceeded.
        """
        counted: Counted | None = resting.ask(lambda: count(self, subject))
        if counted is not None:
            counted.refuse_beyond(self.times)

    def check_if_counted(self, subject: str) -> None:
        """Refuse a subject that reached the maximum, and count nothing.

        It allows every subject while Redis is unavailable.

        Raises:
            RateLimited: the maximum is reached.
        """
        counted: Counted | None = resting.ask(lambda: counted_so_far(self, subject))
        if counted is not None:
            counted.refuse_beyond(self.times - 1)

    def part_allowed(self, subject: str, times: int) -> "Part":
        """Count many times for a subject; return how many of them are within the maximum.

        While Redis is unavailable, all are.
        """
        counted: Counted | None = resting.ask(lambda: count(self, subject, times))
        if counted is None or counted.taken is None:
            return Part(times, 0)
        beyond = min(times, max(0, counted.taken - self.times))
        return Part(times - beyond, max(1, counted.seconds_left))

    def take_for_message(self, subject: str) -> None:
        """Count one time for a subject, for a message that can wait.

        Raises:
            RateLimited: the maximum is exceeded.
            NotYet: Redis is unavailable.
        """
        try:
            self.take(subject)
        except RedisError as error:
            raise NotYet("The rate limit cannot be counted now.") from error

    def take_for_address(self) -> None:
        """Count one time for the network address of the request.

        Raises:
            RateLimited: the maximum is exceeded.
            redis.RedisError: Redis is unavailable or full.
        """
        allowance = settings().address_allowance
        Limit(self.name, self.times * allowance, self.seconds).take(network_of(caller_address()))


def network_of(address: str | None) -> str:
    """Return the subject to count for an address: the address itself, or its /64 for IPv6."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((int(parsed), IPV6_PREFIX), strict=False))
    return str(parsed)


def digest(subject: str) -> str:
    """Return a hash of a subject for use in a key, so that keys hold no personal data."""
    return hashlib.sha256(subject.encode(errors="surrogatepass")).hexdigest()[:32]


@contextmanager
def attempted(purpose: str) -> Iterator[None]:
    """Log an unavailable Redis instead of raising: a later step asks it again and fails there."""
    try:
        yield
    except RedisError as error:
        logger.warning(
            "step skipped: Redis did not answer", purpose=purpose, reason=type(error).__name__
        )


def count_key(limit: Limit, subject: str) -> str:
    """Return the key of a subject's count."""
    return store.key("limit", limit.name, digest(subject))


def count(limit: Limit, subject: str, times: int = 1) -> Counted:
    """Count one time, or several at once.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    key = count_key(limit, subject)
    pipeline = store.client().pipeline(transaction=False)
    pipeline.incrby(key, times)
    pipeline.ttl(key)
    answers: list[Any] = pipeline.execute(raise_on_error=False)
    if isinstance(answers[0], OutOfMemoryError):
        logger.warning("limit not counted: security store is full", limit=limit.name)
        answers[0] = None
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    taken, seconds_left = answers
    if taken is not None and seconds_left < 0:  # the first time, or the first caller died here
        store.client().expire(key, limit.seconds)
        seconds_left = limit.seconds
    return Counted(taken, seconds_left)


def counted_so_far(limit: Limit, subject: str) -> Counted:
    """Return how many times were counted in the current period.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    key = count_key(limit, subject)
    pipeline = store.client().pipeline(transaction=False)
    pipeline.get(key)
    pipeline.ttl(key)
    taken, seconds_left = pipeline.execute()
    return Counted(int(taken or 0), int(seconds_left))
