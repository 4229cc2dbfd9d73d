"""A session of the console ends after a time without use.

The mark of a session is a key in the security store, which expires. To prolong it needs no memory,
so the console works even if that store is full.
"""

from datetime import datetime
from typing import Final

from tidings.platform.security import store
from tidings.platform.timing.clock import now

IDLE_SECONDS: Final = 30 * 60


def begin(session_id: str, at: datetime | None = None) -> None:
    """Start the time of a new session.

    Raises:
        redis.RedisError: Redis is unavailable or full.
    """
    store.client().set(_key(session_id), "1", exat=_end(at))


def use(session_id: str, at: datetime | None = None, *, by_person: bool) -> bool:
    """Say whether a session may be used; a person's use prolongs it, a page's own does not.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    if by_person:
        return bool(store.client().expireat(_key(session_id), _end(at)))
    return bool(store.client().exists(_key(session_id)))


def end(session_id: str) -> None:
    """End the time of a session.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    store.client().delete(_key(session_id))


def _key(session_id: str) -> str:
    return store.key("console-session", session_id)


def _end(at: datetime | None) -> int:
    return int((at or now()).timestamp()) + IDLE_SECONDS
