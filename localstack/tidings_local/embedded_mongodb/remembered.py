"""Remember what a storage says about its collections until it changes.

SecantusDB reads and decodes the same few rows many times for each command. A remembered value is
only used if nothing changed since before the thread's snapshot was taken, so that a thread sees the
same as in its storage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from threading import Lock
from typing import Any, NamedTuple

import wiredtiger as wt
from secantus.storage import Storage

What = tuple[str, ...]


class Value(NamedTuple):
    """A remembered value, and the version at which it was read."""

    version: int
    value: Any


class Remembered:
    """The values of one storage. They have a version, which each change increases."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._version = 0
        # The changes that are not committed yet.
        self._open: dict[object, int] = {}
        self._values: dict[What, Value] = {}
        # The versions before the snapshots of transactions were taken.
        self._transactions: dict[object, int | None] = {}

    def version(self) -> int | None:
        """Return the version, or None while something changes."""
        with self._lock:
            return None if self._open else self._version

    def get(self, what: What, version: int | None) -> Value | None:
        """Return a value if it is of this version and the version is the present one."""
        found = self._values.get(what)
        # Without the lock, in this order: a change is open until the version increases.
        if found is None or self._open:
            return None
        return found if found.version == version == self._version else None

    def put(self, what: What, version: int | None, value: Any) -> None:
        """Remember a value that was read at a version."""
        with self._lock:
            if version is not None and version == self._version and not self._open:
                self._values[what] = Value(version, value)

    def begin(self, change: object) -> None:
        with self._lock:
            self._open[change] = self._open.get(change, 0) + 1

    def end(self, change: object, times: int | None = None) -> None:
        """End a change, or all changes of a transaction."""
        with self._lock:
            if change not in self._open:
                return
            self._version += 1
            self._values.clear()
            self._open[change] -= times or self._open[change]
            if not self._open[change]:
                del self._open[change]

    def begin_transaction(self, handle: object) -> None:
        """Note the version before a transaction's snapshot is taken."""
        version = self.version()
        with self._lock:
            self._transactions[handle] = version

    def version_of(self, handle: object) -> int | None:
        with self._lock:
            return self._transactions.get(handle)

    def end_transaction(self, handle: object) -> None:
        """Forget a transaction, and end its changes."""
        self.end(handle)
        with self._lock:
            self._transactions.pop(handle, None)


def remember(storage: type[Storage]) -> None:
    """Let a storage class remember values, and note versions where it takes snapshots."""
    storage.__init__ = _with_values(storage.__init__)
    storage._refresh_read_snapshot = _refresh_read_snapshot
    storage._batch_transaction = _marking_its_version(storage._batch_transaction)
    storage.use_user_transaction = _noting_its_begin(storage.use_user_transaction)
    for name in ("commit_user_transaction", "abort_user_transaction"):
        setattr(storage, name, _ending(getattr(storage, name)))


def remembering(kind: str, read: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that reads a value only if it is not remembered; the value is shared."""

    @wraps(read)
    def remembered(self: Storage, *place: str) -> Any:
        handle = getattr(self._tls, "user_txn", None)
        if handle is None:
            version = getattr(self._tls, "remembered_version", None)
        else:
            version = self.remembered.version_of(handle)
        found = self.remembered.get((kind, *place), version)
        if found is not None:
            return found.value
        value = read(self, *place)
        self.remembered.put((kind, *place), version, value)
        return value

    return remembered


def changing(change: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method after which nothing is remembered."""

    @wraps(change)
    def changed(self: Storage, *args: Any, **options: Any) -> Any:
        owner = _owner(self)
        token = owner or object()
        self.remembered.begin(token)
        try:
            return change(self, *args, **options)
        finally:
            if owner is None:
                self.remembered.end(token, 1)

    return changed


def change_by(storage: type[Storage], names: Iterable[str]) -> None:
    """Say by which methods of a storage class remembered values change."""
    for name in names:
        setattr(storage, name, changing(getattr(storage, name)))


def _owner(storage: Storage) -> object | None:
    """Return the transaction that commits a change of this thread; None if it is its own."""
    return getattr(storage._tls, "user_txn", None) or getattr(storage._tls, "batch", None)


def _with_values(build: Callable[..., None]) -> Callable[..., None]:
    @wraps(build)
    def built(self: Storage, *args: Any, **options: Any) -> None:
        self.remembered = Remembered()
        build(self, *args, **options)

    return built


def _refresh_read_snapshot(self: Storage) -> None:
    """Take a new snapshot, as before, and note the version that it has at least."""
    if getattr(self._tls, "user_txn", None) is not None:
        return
    version = self.remembered.version()
    session = getattr(self._tls, "session", None)
    if session is not None:
        try:
            session.reset_snapshot()
        except wt.WiredTigerError:  # in a transaction, whose snapshot stays
            return
    self._tls.remembered_version = version


def _marking_its_version(transaction: Callable[..., Any]) -> Callable[..., Any]:
    @contextmanager
    def marked(self: Storage, *, sync: bool = False) -> Iterator[Any]:
        if getattr(self._tls, "user_txn", None) is not None:
            with transaction(self, sync=sync) as session:
                yield session
            return
        self._tls.remembered_version = self.remembered.version()
        self._tls.batch = batch = object()
        try:
            with transaction(self, sync=sync) as session:
                yield session
        finally:
            self._tls.batch = None
            self.remembered.end(batch)

    return marked


def _noting_its_begin(
    use: Callable[..., AbstractContextManager[None]],
) -> Callable[..., AbstractContextManager[None]]:
    @wraps(use)
    def used(self: Storage, handle: Any) -> AbstractContextManager[None]:
        if not handle.began:
            self.remembered.begin_transaction(handle)
        return use(self, handle)

    return used


def _ending(end: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(end)
    def ended(self: Storage, handle: Any, *args: Any, **options: Any) -> Any:
        try:
            return end(self, handle, *args, **options)
        finally:
            self.remembered.end_transaction(handle)

    return ended
