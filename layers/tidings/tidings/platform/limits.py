"""How often something may be asked: counted in Redis, per network address, account or user.

Whoever takes from a limit while Redis is away gets Redis's own error: what cannot be counted
is refused. Only the calls of signed-in users go on without (`admit`).
"""

import hashlib
import ipaddress
import time
from dataclasses import dataclass
from typing import Any, Final

from redis import RedisError

from tidings.platform import cache
from tidings.platform.auth import Principal
from tidings.platform.context import caller_address
from tidings.platform.errors import RateLimited, Unauthenticated
from tidings.platform.logging import logger
from tidings.platform.settings import settings

# After a failure no call asks Redis for this long: a request must not wait for its timeout.
REST_SECONDS: Final = 5.0
# A network hands out whole blocks of IPv6 addresses to each customer.
IPV6_PREFIX: Final = 64

_resting_until = 0.0


@dataclass(frozen=True)
class Limit:
    """So many times in so many seconds, counted from the first time."""

    name: str
    times: int
    seconds: int

    def take(self, subject: str) -> None:
        """Count one time for a subject.

        Raises:
            RateLimited: there were too many.
            redis.RedisError: Redis is away.
        """
        taken, seconds_left = _count(self, subject)
        if taken > self.times:
            raise RateLimited(max(1, seconds_left))

    def take_if_counted(self, subject: str) -> None:
        """Count one time for a subject; without Redis everybody is let through.

        Raises:
            RateLimited: there were too many.
        """
        global _resting_until
        if time.monotonic() < _resting_until:
            return
        try:
            self.take(subject)
        except RedisError as error:
            _resting_until = time.monotonic() + REST_SECONDS
            logger.warning("a limit is not counted", limit=self.name, reason=repr(error))

    def take_for_address(self) -> None:
        """Count one time for the network address that the request came from.

        Raises:
            RateLimited: there were too many.
            redis.RedisError: Redis is away.
        """
        allowance = settings().address_allowance
        Limit(self.name, self.times * allowance, self.seconds).take(network_of(caller_address()))


def network_of(address: str | None) -> str:
    """Return what stands for an address: itself, or its /64 for IPv6."""
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
    """Return what stands for an address or an e-mail address in a key: no personal data."""
    return hashlib.sha256(subject.encode(errors="surrogatepass")).hexdigest()[:32]


def admit(principal: Principal) -> None:
    """Count a call of a signed-in user, and refuse sessions that have ended.

    Without Redis everybody is let in: the token itself was checked, and lives for minutes.

    Raises:
        RateLimited: there were too many calls.
        Unauthenticated: the session was ended.
    """
    global _resting_until
    if time.monotonic() < _resting_until:
        return
    limit = Limit("calls", settings().calls_per_minute, 60)
    try:
        taken, seconds_left, ended = _count(limit, principal.user_id, _ended_key(principal))
    except RedisError as error:
        _resting_until = time.monotonic() + REST_SECONDS
        logger.warning("calls are not counted", reason=repr(error))
        return
    if ended:
        raise Unauthenticated("This session has ended. Sign in again.")
    if taken > limit.times:
        raise RateLimited(max(1, seconds_left))


def refuse_session(session_id: str, seconds: int) -> None:
    """Refuse a session's access tokens for so long.

    Raises:
        redis.RedisError: Redis is away.
    """
    cache.client().set(_session_key(session_id), "1", ex=seconds)


def _ended_key(principal: Principal) -> str:
    return _session_key(principal.session_id or "none")


def _session_key(session_id: str) -> str:
    return cache.key("ended", session_id)


def _count(limit: Limit, subject: str, *asked: str) -> Any:
    """Count one time; return the count, the seconds left, and what exists."""
    key = cache.key("limit", limit.name, digest(subject))
    pipeline = cache.client().pipeline(transaction=False)
    pipeline.incr(key)
    pipeline.ttl(key)
    for each in asked:
        pipeline.exists(each)
    taken, seconds_left, *found = pipeline.execute()
    if seconds_left < 0:  # the first time; or whoever was first died before this
        cache.client().expire(key, limit.seconds)
        seconds_left = limit.seconds
    return taken, seconds_left, *found
