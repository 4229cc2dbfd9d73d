"""Remember each collection's list of indexes.

SecantusDB reads and decodes the list from its storage four times for each inserted document, and
twice for each query: 60 % of the time of an insert.

A remembered list is only used if no index changed since before the thread's snapshot was taken, so
that a thread sees the same list as in its storage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import Lock
from typing import Any, Final

import wiredtiger as wt
from secantus.storage import Storage, _doc_makes_multikey

Index = tuple[str, dict[str, Any], dict[str, Any]]

CHANGES: Final = (
    "create_index",
    "drop_index",
    "drop_all_indexes",
    "set_index_expiry",
    "set_index_options",
    "drop_collection",
    "drop_database",
    "rename_collection",
    "_recover_pending_drops_locked",
)


class IndexLists:
    """The lists of one storage. They have a version, which each change of an index increases."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._version = 0
        # The changes that are not committed yet.
        self._open: dict[object, int] = {}
        self._lists: dict[tuple[str, str], tuple[int, list[Index]]] = {}

    def version(self) -> int | None:
        """Return the version, or None while an index changes."""
        with self._lock:
            return None if self._open else self._version

    def get(self, db: str, coll: str, version: int | None) -> list[Index] | None:
        """Return a list if it is of this version and the version is the present one."""
        with self._lock:
            found = self._lists.get((db, coll))
            fits = found is not None and found[0] == version == self._version and not self._open
            return found[1] if found is not None and fits else None

    def put(self, db: str, coll: str, version: int | None, indexes: list[Index]) -> None:
        """Remember a list that was read at a version."""
        with self._lock:
            if version == self._version and not self._open:
                self._lists[db, coll] = version, indexes

    def begin(self, change: object) -> None:
        with self._lock:
            self._open[change] = self._open.get(change, 0) + 1

    def end(self, change: object, times: int | None = None) -> None:
        """End a change, or all changes of a transaction."""
        with self._lock:
            if change not in self._open:
                return
            self._version += 1
            self._lists.clear()
            self._open[change] -= times or self._open[change]
            if not self._open[change]:
                del self._open[change]


def remember(storage: type[Storage]) -> None:
    """Let a storage class remember its lists of indexes."""
    storage.__init__ = _with_lists(storage.__init__)
    storage._refresh_read_snapshot = _refresh_read_snapshot
    storage._batch_transaction = _marking_its_version(storage._batch_transaction)
    storage._iter_indexes = _remembering(storage._iter_indexes)
    storage._maybe_mark_multikey = _changing_only_if_new(storage._maybe_mark_multikey)
    for name in CHANGES:
        setattr(storage, name, _changing(getattr(storage, name)))
    for name in ("commit_user_transaction", "abort_user_transaction"):
        setattr(storage, name, _ending_its_changes(getattr(storage, name)))


def _with_lists(build: Callable[..., None]) -> Callable[..., None]:
    @wraps(build)
    def built(self: Storage, *args: Any, **options: Any) -> None:
        self.index_lists = IndexLists()
        build(self, *args, **options)

    return built


def _refresh_read_snapshot(self: Storage) -> None:
    """Take a new snapshot, as before, and note the version that it has at least."""
    if getattr(self._tls, "user_txn", None) is not None:
        return
    version = self.index_lists.version()
    session = getattr(self._tls, "session", None)
    if session is not None:
        try:
            session.reset_snapshot()
        except wt.WiredTigerError:  # in a transaction, whose snapshot stays
            return
    self._tls.index_version = version


def _marking_its_version(transaction: Callable[..., Any]) -> Callable[..., Any]:
    @contextmanager
    def marked(self: Storage, *, sync: bool = False) -> Iterator[Any]:
        if getattr(self._tls, "user_txn", None) is not None:
            with transaction(self, sync=sync) as session:
                yield session
            return
        self._tls.index_version = self.index_lists.version()
        self._tls.batch = batch = object()
        try:
            with transaction(self, sync=sync) as session:
                yield session
        finally:
            self._tls.batch = None
            self.index_lists.end(batch)

    return marked


def _remembering(read: Callable[..., Iterable[Index]]) -> Callable[..., Iterable[Index]]:
    def indexes(self: Storage, db: str, coll: str) -> Iterable[Index]:
        if getattr(self._tls, "user_txn", None) is not None:
            return read(self, db, coll)
        version = getattr(self._tls, "index_version", None)
        found = self.index_lists.get(db, coll, version)
        if found is None:
            found = list(read(self, db, coll))
            self.index_lists.put(db, coll, version, found)
        return [(name, dict(key), dict(options)) for name, key, options in found]

    return indexes


def _owner(storage: Storage) -> object | None:
    """Return the transaction that commits a change of this thread; None if it is its own."""
    return getattr(storage._tls, "user_txn", None) or getattr(storage._tls, "batch", None)


def _changing(change: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(change)
    def changing(self: Storage, *args: Any, **options: Any) -> Any:
        owner = _owner(self)
        token = owner or object()
        self.index_lists.begin(token)
        try:
            return change(self, *args, **options)
        finally:
            if owner is None:
                self.index_lists.end(token, 1)

    return changing


def _changing_only_if_new(mark: Callable[..., set[str]]) -> Callable[..., set[str]]:
    changing = _changing(mark)

    @wraps(mark)
    def marked(
        self: Storage, db: str, coll: str, doc: Any, indexes: list[Any], already: set[str]
    ) -> set[str]:
        new = [
            each for each in indexes if each[0] not in already and _doc_makes_multikey(doc, each[1])
        ]
        return changing(self, db, coll, doc, new, already) if new else already

    return marked


def _ending_its_changes(end: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(end)
    def ended(self: Storage, handle: Any, *args: Any, **options: Any) -> Any:
        try:
            return end(self, handle, *args, **options)
        finally:
            self.index_lists.end(handle)

    return ended
