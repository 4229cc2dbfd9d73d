"""Sessions in Redis: each has one refresh token that works once, stored as a hash.

A refresh token is `<family>.<secret>`. The family names the session, the secret changes at each
use. A token with the right family and an old secret was used before. One of its two users stole it,
so the whole session ends.
"""

import secrets
from datetime import datetime
from typing import Any, Final, NamedTuple

from tidings.platform.logging import logger
from tidings.platform.retention import in_redis
from tidings.platform.security import store
from tidings.platform.security.ended_sessions import lowest_version_key, refuse_session
from tidings.platform.security.limits import digest
from tidings.platform.timing.clock import now

# From the last use.
SESSION_SECONDS: Final = in_redis.SESSION.seconds
# The maximum for one account. The store evicts nothing, so repeated sign-ins must not fill it.
MAX_SESSIONS: Final = 50
# The maximum for an account whose address is not verified: anyone can register 20 in an hour.
MAX_UNVERIFIED_SESSIONS: Final = 5

# Stores the session only if no change of the account has refused its version meanwhile. If there
# are more than ARGV[7], the least recently used sessions end; ARGV[8] is the prefix of their keys.
_START: Final = """
local lowest = redis.call('GET', KEYS[1])
if lowest and tonumber(lowest) > tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[2], 'user_id', ARGV[1], 'token', ARGV[2], 'version', ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', ARGV[5] - ARGV[4])
redis.call('ZADD', KEYS[3], ARGV[5], ARGV[6])
redis.call('EXPIRE', KEYS[3], ARGV[4])
local over = redis.call('ZCARD', KEYS[3]) - tonumber(ARGV[7])
if over > 0 then
  local oldest = redis.call('ZPOPMIN', KEYS[3], over)
  for place = 1, #oldest, 2 do redis.call('DEL', ARGV[8] .. oldest[place]) end
end
return 1
"""
_ROTATE: Final = """
local current, version = unpack(redis.call('HMGET', KEYS[2], 'token', 'version'))
if not current then return 'ended' end
local lowest = redis.call('GET', KEYS[1])
local outcome = 'rotated'
if current ~= ARGV[1] then outcome = 'reused'
elseif (version or '0') ~= ARGV[3] then outcome = 'older'
elseif lowest and tonumber(lowest) > tonumber(ARGV[3]) then outcome = 'older' end
if outcome ~= 'rotated' then
  redis.call('DEL', KEYS[2])
  redis.call('ZREM', KEYS[3], ARGV[6])
  return outcome
end
redis.call('HSET', KEYS[2], 'token', ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[4])
redis.call('ZADD', KEYS[3], ARGV[5], ARGV[6])
redis.call('EXPIRE', KEYS[3], ARGV[4])
return outcome
"""


class Started(NamedTuple):
    """A session and its next refresh token."""

    session_id: str
    refresh_token: str


def start(
    user_id: str, version: int, at: datetime | None = None, *, verified: bool = True
) -> Started | None:
    """Start a session for a version of the account; None if that version is refused.

    If the account has too many sessions, the least recently used one ends.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    family, secret = secrets.token_urlsafe(24), secrets.token_urlsafe(32)
    session_id, time = digest(family), (at or now()).timestamp()
    session = (user_id, digest(secret), version, SESSION_SECONDS, time, session_id)
    at_most = MAX_SESSIONS if verified else MAX_UNVERIFIED_SESSIONS
    arguments = map(str, (*session, at_most, _key("")))
    stored: Any = store.client().eval(_START, 3, *_keys(user_id, session_id), *arguments)
    return Started(session_id, f"{family}.{secret}") if stored else None


def user_of(refresh_token: str) -> str | None:
    """Return the user of a token's session, whether the token is current or old.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    found: Any = store.client().hget(_key(_session_id(refresh_token)), "user_id")
    return found or None


def rotate(
    refresh_token: str, user_id: str, version: int, at: datetime | None = None
) -> Started | None:
    """Replace a session's refresh token.

    Returns:
        The new token. None if the token was used before, or the session was checked against another
        version of the account; the session has ended then.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    family, _, presented = refresh_token.partition(".")
    session_id, secret = digest(family), secrets.token_urlsafe(32)
    time = (at or now()).timestamp()
    arguments = (digest(presented), digest(secret), version, SESSION_SECONDS, time, session_id)
    outcome: Any = store.client().eval(
        _ROTATE, 3, *_keys(user_id, session_id), *map(str, arguments)
    )
    if outcome == "rotated":
        return Started(session_id, f"{family}.{secret}")
    if outcome == "reused":
        logger.warning("session ended: refresh token used twice", user_id=user_id)
    if outcome != "ended":
        refuse_session(session_id)
    return None


def end_at(session_id: str, moment: int) -> None:
    """Let a session end at a time, unless its tokens are renewed before.

    Args:
        moment: in seconds since 1970.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    store.client().expireat(_key(session_id), moment)


def end(session_id: str, user_id: str) -> None:
    """End one session: its refresh token and access tokens no longer work.

    Raises:
        redis.RedisError: Redis is unavailable; or it is full, and the access tokens work until they
            expire.
    """
    # The session is deleted first: a full Redis can still delete, and may then have room for the
    # mark.
    pipeline = store.client().pipeline(transaction=False)
    pipeline.delete(_key(session_id))
    pipeline.zrem(_index(user_id), session_id)
    pipeline.execute()
    refuse_session(session_id)


def end_all(user_id: str) -> int:
    """End all sessions of a person; return their number.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    sessions: Any = store.client().zrange(_index(user_id), 0, -1)
    for session_id in sessions:
        end(session_id, user_id)
    return len(sessions)


def _session_id(refresh_token: str) -> str:
    return digest(refresh_token.partition(".")[0])


def _keys(user_id: str, session_id: str) -> tuple[str, str, str]:
    return lowest_version_key(user_id), _key(session_id), _index(user_id)


def _key(session_id: str) -> str:
    return store.key("session", session_id)


def _index(user_id: str) -> str:
    return store.key("sessions", user_id)
