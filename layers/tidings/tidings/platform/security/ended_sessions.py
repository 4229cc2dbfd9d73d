"""Refuse the access tokens of ended sessions, and of older versions of accounts."""

from collections.abc import Sequence
from typing import Any, Final

from tidings.platform.retention import in_redis
from tidings.platform.security import store
from tidings.platform.security.auth import Principal
from tidings.platform.security.limits import digest

# A request that started before its session ended can still issue a token. That token lives for
# `ACCESS_TOKEN_SECONDS`, which is less (a test compares them).
REFUSED_SECONDS: Final = in_redis.ENDED.seconds

# Only raises the version and only prolongs the refusal, so an older refusal is never shortened.
_RAISE: Final = """
local lowest = tonumber(redis.call('GET', KEYS[1]) or ARGV[1])
local seconds = math.max(redis.call('TTL', KEYS[1]), tonumber(ARGV[2]))
local version = math.max(lowest, tonumber(ARGV[1]))
redis.call('SET', KEYS[1], string.format('%d', version), 'EX', seconds)
redis.call('PUBLISH', ARGV[3], ARGV[4])
"""
# Withdraws the refusal of one version, but not of the versions before it.
_ALLOW: Final = """
if tonumber(redis.call('GET', KEYS[1]) or 0) == ARGV[1] + 1 then
  redis.call('SET', KEYS[1], ARGV[1], 'KEEPTTL')
end
"""


def refuse_session(session_id: str, seconds: int = REFUSED_SECONDS) -> None:
    """Refuse a session's access tokens for this many seconds.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    pipeline = store.client().pipeline(transaction=False)
    pipeline.set(_session_key(session_id), "1", ex=seconds)
    pipeline.publish(signals_channel(), session_id)
    pipeline.execute()


def is_refused(session_id: str) -> bool:
    """Say whether a session's access tokens are refused.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    return bool(store.client().exists(_session_key(session_id)))


def refuse_older_versions(user_id: str, lowest: int, seconds: int) -> None:
    """Refuse sessions and access tokens of an account's older versions for this many seconds.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    arguments = (str(lowest), str(seconds), signals_channel(), account_name(user_id))
    store.client().eval(_RAISE, 1, lowest_version_key(user_id), *arguments)


def allow_version(user_id: str, version: int) -> None:
    """Withdraw the refusal of a version of an account, unless a later version is refused, too.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    store.client().eval(_ALLOW, 1, lowest_version_key(user_id), str(version))


def lowest_version_key(user_id: str) -> str:
    """Return the key that holds the lowest valid version of an account."""
    return store.key("lowest-version", digest(user_id))


def is_older(principal: Principal, lowest: str | None) -> bool:
    """Say whether a token is of an older version of its account than the lowest valid one."""
    version = principal.security_version
    return lowest is not None and version is not None and version < int(lowest)


def ended_key(principal: Principal) -> str:
    """Return the key that exists if the session of a token has ended."""
    return _session_key(principal.session_id or "none")


def ended_of(principals: Sequence[Principal]) -> list[Principal]:
    """Return the callers whose session has ended, or whose account has changed since then.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    if not principals:
        return []
    names = [
        name for each in principals for name in (ended_key(each), lowest_version_key(each.user_id))
    ]
    found: Any = store.client().mget(names)
    marks = zip(found[::2], found[1::2], strict=True)
    return [
        each
        for each, (ended, lowest) in zip(principals, marks, strict=True)
        if ended or is_older(each, lowest)
    ]


def signals_channel() -> str:
    """Return the channel that gets the id of each session that ends, or the account's name.

    It is for connections that stay open. A signal may get lost; `ended_of` tells the truth.
    """
    return store.key("signals", "ended")


def account_name(user_id: str) -> str:
    """Return what the channel calls an account."""
    return digest(user_id)


def _session_key(session_id: str) -> str:
    return store.key("ended", session_id)
