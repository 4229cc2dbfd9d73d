"""Sessions in Redis: each has one refresh token that works once, kept as a hash.

A refresh token is `<family>.<secret>`. The family names the session, the secret changes at
each use. Whoever shows the family with another secret than the last one has a token that was
used before: it was stolen, before or after, so the whole session ends.
"""

import secrets
from datetime import datetime
from typing import Any, Final, NamedTuple

from tidings.platform import cache
from tidings.platform.auth import ACCESS_TOKEN_SECONDS
from tidings.platform.clock import now
from tidings.platform.limits import digest, refuse_session
from tidings.platform.logging import logger

# Counted from the last use.
SESSION_SECONDS: Final = 30 * 24 * 3600

_ROTATE: Final = """
local current = redis.call('HGET', KEYS[1], 'token')
if not current then return 'ended' end
if current ~= ARGV[1] then
  redis.call('DEL', KEYS[1])
  return 'reused'
end
redis.call('HSET', KEYS[1], 'token', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 'rotated'
"""


class Started(NamedTuple):
    """A session and the token that refreshes it next."""

    session_id: str
    refresh_token: str


def start(user_id: str, at: datetime | None = None) -> Started:
    """Start a session.

    Raises:
        redis.RedisError: Redis is away.
    """
    family, secret = secrets.token_urlsafe(24), secrets.token_urlsafe(32)
    session_id, time = digest(family), (at or now()).timestamp()
    pipeline = cache.client().pipeline(transaction=True)
    pipeline.hset(_key(session_id), mapping={"user_id": user_id, "token": digest(secret)})
    pipeline.expire(_key(session_id), SESSION_SECONDS)
    pipeline.zremrangebyscore(_index(user_id), "-inf", time - SESSION_SECONDS)
    pipeline.zadd(_index(user_id), {session_id: time})
    pipeline.expire(_index(user_id), SESSION_SECONDS)
    pipeline.execute()
    return Started(session_id, f"{family}.{secret}")


def user_of(refresh_token: str) -> str | None:
    """Return whose session a token belongs to, whether it is the last one or not.

    Raises:
        redis.RedisError: Redis is away.
    """
    found: Any = cache.client().hget(_key(_session_id(refresh_token)), "user_id")
    return found or None


def rotate(refresh_token: str, user_id: str, at: datetime | None = None) -> Started | None:
    """Replace a session's refresh token; None, and no session any more, where it was used before.

    Raises:
        redis.RedisError: Redis is away.
    """
    family, _, presented = refresh_token.partition(".")
    session_id, secret = digest(family), secrets.token_urlsafe(32)
    arguments = (digest(presented), digest(secret), str(SESSION_SECONDS))
    outcome: Any = cache.client().eval(_ROTATE, 1, _key(session_id), *arguments)
    if outcome == "rotated":
        pipeline = cache.client().pipeline(transaction=False)
        pipeline.zadd(_index(user_id), {session_id: (at or now()).timestamp()})
        pipeline.expire(_index(user_id), SESSION_SECONDS)
        pipeline.execute()
        return Started(session_id, f"{family}.{secret}")
    if outcome == "reused":
        logger.warning("refresh token used twice, session ended", user_id=user_id)
        refuse_session(session_id, ACCESS_TOKEN_SECONDS)
    return None


def end(session_id: str, user_id: str) -> None:
    """End one session: neither its refresh token nor its access tokens work any more.

    Raises:
        redis.RedisError: Redis is away.
    """
    refuse_session(session_id, ACCESS_TOKEN_SECONDS)
    pipeline = cache.client().pipeline(transaction=False)
    pipeline.delete(_key(session_id))
    pipeline.zrem(_index(user_id), session_id)
    pipeline.execute()


def end_all(user_id: str) -> int:
    """End all sessions of a person; return how many.

    Raises:
        redis.RedisError: Redis is away.
    """
    sessions: Any = cache.client().zrange(_index(user_id), 0, -1)
    for session_id in sessions:
        end(session_id, user_id)
    return len(sessions)


def _session_id(refresh_token: str) -> str:
    return digest(refresh_token.partition(".")[0])


def _key(session_id: str) -> str:
    return cache.key("session", session_id)


def _index(user_id: str) -> str:
    return cache.key("sessions", user_id)
