"""The remembered replies of retryable writes, and the sessions of clients."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

from secantus import transactions
from secantus.sessions import SessionRegistry

SESSIONS_CHECKED_AFTER_SECONDS: Final = 60.0


def forget_oldest_writes(registry: transactions.TransactionRegistry) -> None:
    """Drop the oldest remembered replies of retryable writes.

    They are stored in order, so that only the first ones are checked; SecantusDB checks all of them
    at each write, and sorts them when there are 10,000.
    """
    remembered: Any = registry._retryable
    if not isinstance(remembered, OrderedDict):  # a dict looks for its first key among removed ones
        remembered = registry._retryable = OrderedDict(remembered)
    cutoff = registry._time() - transactions._RETRYABLE_RECORD_LIFETIME_SECONDS
    while remembered:
        key, (_, at, _) = next(iter(remembered.items()))
        if at >= cutoff and len(remembered) <= transactions._RETRYABLE_RECORD_MAX:
            return
        del remembered[key]


def drop_ended_sessions_rarely(registry: Any) -> int:
    """Look for ended sessions once a minute; SecantusDB does at each command.

    Each process of a function has had a session, and sessions are kept for half an hour.
    """
    now: float = registry._time()
    if now < getattr(registry, "_checked_at", float("-inf")) + SESSIONS_CHECKED_AFTER_SECONDS:
        return 0
    registry._checked_at = now
    return _drop_ended(registry)


_drop_ended: Final[Callable[[SessionRegistry], int]] = SessionRegistry._prune_locked
