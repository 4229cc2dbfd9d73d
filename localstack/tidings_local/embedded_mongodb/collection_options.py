"""Remember each collection's options, and each database's profiling level.

SecantusDB reads and decodes the options up to six times for each command, to know whether the
collection exists, is capped, or has a validator. After each command it reads whether to profile it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from secantus.storage import Storage

from .remembered import change_by, changing, remembering

CHANGES: Final = ("create_collection", "_write_coll_options", "set_profile")


def remember_options(storage: type[Storage]) -> None:
    """Let a storage class remember the options of collections, and of its profiler."""
    options = remembering("options", storage._coll_options)
    profile = remembering("profile", storage.get_profile)
    storage._coll_options = lambda self, db, coll: _copy(options(self, db, coll))
    storage.get_profile = _fresh(profile)
    storage._ensure_collection = _creating_if_missing(storage._ensure_collection)
    change_by(storage, CHANGES)


def _copy(found: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if found is None else dict(found)


def _fresh(read: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    @wraps(read)
    def profile(self: Storage, db: str) -> dict[str, Any]:
        # After a transaction's statement this thread has the snapshot of an earlier command.
        self._refresh_read_snapshot()
        return read(self, db)

    return profile


def _creating_if_missing(ensure: Callable[..., None]) -> Callable[..., None]:
    creating = changing(ensure)

    @wraps(ensure)
    def ensured(self: Storage, db: str, coll: str) -> None:
        if self._coll_options(db, coll) is None:
            creating(self, db, coll)

    return ensured
