"""A session of the console ends after a time without use.

The mark of a session is a key in the security store, which expires. To prolong it needs no memory,
so the console works even if that store is full. The session itself ends at the same time: a refresh
token from the cookie works nowhere after that.
"""

from datetime import datetime
from typing import Any, Final

from tidings.platform.retention import in_redis
from tidings.platform.security import store
from tidings.platform.timing.clock import now
from tidings.users import session_store

IDLE_SECONDS: Final = in_redis.CONSOLE_SESSION.seconds


def begin(session_id: str, at: datetime | None = None) -> None:
    """Start the time of a new session.

    Raises:
        redis.RedisError: Redis is unavailable or full.
    """
    store.client().set(_key(session_id), "1", exat=_end(at))
    session_store.end_at(session_id, _end(at))


def use(session_id: str, at: datetime | None = None, *, by_person: bool) -> bool:
    """Say whether a session may be used; a person's use prolongs it, a page's own does not.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    if by_person:
        ends_at = _end(at) if store.client().expireat(_key(session_id), _end(at)) else None
    else:
        ends_at = _ends_at(session_id)
    if ends_at is None:
        return False
    # A renewal of the tokens gives the session another 30 days.
    session_store.end_at(session_id, ends_at)
    return True


def end(session_id: str) -> None:
    """End the time of a session.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    store.client().delete(_key(session_id))


def _ends_at(session_id: str) -> int | None:
    found: Any = store.client().expiretime(_key(session_id))
    return found if found > 0 else None


def _key(session_id: str) -> str:
    return store.key("console-session", session_id)


def _end(at: datetime | None) -> int:
    return int((at or now()).timestamp()) + IDLE_SECONDS
