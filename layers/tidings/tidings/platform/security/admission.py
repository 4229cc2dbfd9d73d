"""Admit calls: count them, and refuse sessions that have ended.

Calls of signed-in callers count in the security store, in the round trip that checks the session.
Those of strangers count in the cache by network address: anyone can make such counts, and the loss
of one only lets a few more calls in.
"""

from typing import Any, Final, NamedTuple

from tidings.platform.caching import cache, generation
from tidings.platform.context import caller_address
from tidings.platform.errors import Unauthenticated
from tidings.platform.logging import logger
from tidings.platform.security import account_generations, quotas, store
from tidings.platform.security.auth import (
    Principal,
    TokenOutcome,
    authenticate,
    count_token,
)
from tidings.platform.security.ended_sessions import ended_key, is_older, lowest_version_key
from tidings.platform.security.limits import (
    Counted,
    Limit,
    count_key,
    digest,
    network_of,
    resting,
)
from tidings.platform.storage.resting import Resting
from tidings.platform.timing.clock import new_event_id

# One command instead of five takes a third of the client's CPU time.
# KEYS: the count of calls, the ended session, the account's lowest version, its generation.
# ARGV: the seconds of a count, a new generation, the seconds of a generation, the calls to count.
# A full Redis refuses the writes, but not the reads.
_ADMIT: Final = """
local taken = redis.pcall('INCRBY', KEYS[1], ARGV[4])
if type(taken) == 'table' then
  if not string.find(taken.err, 'OOM', 1, true) then return taken end
  taken = false
end
local left = redis.call('TTL', KEYS[1])
if taken and left < 0 then
  redis.call('EXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
local found = redis.call('MGET', KEYS[2], KEYS[3], KEYS[4])
if taken and not found[3] then
  redis.call('SET', KEYS[4], ARGV[2], 'EX', ARGV[3])
  found[3] = ARGV[2]
end
return {taken, left, found[1], found[2], found[3]}
"""
# KEYS: the count of calls, generations. ARGV: the calls to count, the seconds of a count.
_COUNT: Final = """
local taken = redis.call('INCRBY', KEYS[1], ARGV[1])
local left = redis.call('TTL', KEYS[1])
if left < 0 then
  redis.call('EXPIRE', KEYS[1], ARGV[2])
  left = tonumber(ARGV[2])
end
local found = {taken, left}
for place = 2, #KEYS do found[place + 1] = redis.call('GET', KEYS[place]) end
return found
"""

_strangers: Final = Resting("calls of strangers not counted: Redis did not answer")


class _Admission(NamedTuple):
    """Redis's answer about a call."""

    counted: Counted
    ended: str | None
    lowest_version: str | None
    generation: str | None


def begin() -> None:
    """Forget what the call before found out; call this at the beginning of each request."""
    quotas.begin()
    generation.forget_seen()


def authenticated(token: str | None) -> Principal | None:
    """Return the caller of an access token; a call with one that is not valid is a stranger's.

    Args:
        token: the header `Authorization`.

    Raises:
        Unauthenticated: the token is not valid.
        RateLimited: too many such calls came from the address.
    """
    try:
        return authenticate(token)
    except Unauthenticated:
        admit_stranger()
        raise


def admit_caller(principal: Principal | None, calls: int = 1) -> Principal | None:
    """Count a call of anyone; see `admit` and `admit_stranger`."""
    if principal is None:
        admit_stranger(calls)
        return None
    return admit(principal, calls)


def refuse_known(principal: Principal | None) -> None:
    """Refuse a caller who used up the calls of this window, without asking Redis.

    Raises:
        RateLimited: this environment has refused the caller in this window.
    """
    subject = _network() if principal is None else principal.user_id
    if subject is not None:
        quotas.refuse_known(quotas.quota_of(principal), subject)


def admit_stranger(calls: int = 1) -> None:
    """Count a call without an access token for its network address.

    While Redis is unavailable every call passes. Calls without an address do not come through API
    Gateway, and are not counted.

    Raises:
        RateLimited: too many calls came from the address.
    """
    quota, network = quotas.quota_of(None), _network()
    if not quota.calls or network is None:
        return
    quotas.refuse_known(quota, network)
    generations = generation.keys()
    names = (cache.key("calls", digest(network)), *generations)
    arguments = (str(calls), str(quotas.WINDOW_SECONDS))
    found: Any = _strangers.ask(lambda: cache.client().eval(_COUNT, len(names), *names, *arguments))
    if found is not None:
        # Kept answers about the catalogue need its generation: it is read in the same round trip.
        generation.note_seen(zip(generations, found[2:], strict=True))
    quotas.settle(quota, network, None if found is None else Counted(*found[:2]))


def admit(principal: Principal, calls: int = 1) -> Principal:
    """Count a call of a signed-in user, and refuse sessions that have ended.

    While Redis is unavailable every call passes: the token itself was verified and lives for
    minutes. A full Redis does not count calls, but still returns ended sessions.

    Args:
        calls: the number of calls that it counts as.

    Returns:
        The caller with the generation of their account, unless it is unknown.

    Raises:
        RateLimited: the user made too many calls.
        Unauthenticated: the session has ended, or the account changed since the session was
            checked.
    """
    quota = quotas.quota_of(principal)
    quotas.refuse_known(quota, principal.user_id)
    limit = Limit("calls", quota.calls, quotas.WINDOW_SECONDS)
    found: _Admission | None = resting.ask(lambda: _ask(limit, principal, calls))
    if found is None:
        quotas.settle(quota, principal.user_id, None)
        return principal
    if found.ended or is_older(principal, found.lowest_version):
        count_token(TokenOutcome.SESSION_ENDED)
        raise Unauthenticated("This session has ended. Sign in again.")
    quotas.settle(quota, principal.user_id, found.counted)
    if found.generation in {None, account_generations.CHANGING}:
        return principal
    return principal.model_copy(update={"account_generation": found.generation})


def _ask(limit: Limit, principal: Principal, calls: int) -> _Admission:
    """Ask Redis about a call, in one round trip.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    user_id = principal.user_id
    keys = (
        count_key(limit, user_id),
        ended_key(principal),
        lowest_version_key(user_id),
        account_generations.generation_key(user_id),
    )
    arguments = (limit.seconds, new_event_id(), account_generations.SECONDS, calls)
    answer: Any = store.client().eval(_ADMIT, len(keys), *keys, *map(str, arguments))
    taken, seconds_left, *found = answer
    if taken is None:
        logger.warning("limit not counted: security store is full", limit=limit.name)
    return _Admission(Counted(taken, seconds_left), *found)


def _network() -> str | None:
    """Return the network of the request for its count, or None if it has no address."""
    address = caller_address()
    return None if address is None else network_of(address)
