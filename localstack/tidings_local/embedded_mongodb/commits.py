"""Wait for the disk once for each command, and without a lock.

SecantusDB waits at the commit of each statement, and of several updates in one command each is a
statement. It has the collection's lock meanwhile, so that other connections cannot share the wait.
Like a MongoDB, this answers a command when all its changes are on the disk; others may see them
before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import Any, Final

import wiredtiger as wt
from secantus.storage import Storage, UserTransactionHandle, _commit_batch_transaction

COMMANDS: Final = (
    "insert",
    "update",
    "delete",
    "findAndModify",
    "findandmodify",
    "bulkWrite",
    "commitTransaction",
)
# Of a transaction that does not wait for the disk at its commit.
NO_SYNC: Final = "sync=false"


def sync_once(storage: type[Storage], handlers: dict[str, Any]) -> None:
    """Let commands commit without waiting, and then wait for all their commits."""
    storage._batch_transaction = _transaction
    storage.use_user_transaction = _beginning(storage.use_user_transaction)
    storage.commit_user_transaction = _committing(storage.commit_user_transaction)
    for name in COMMANDS:
        handlers[name] = _synced(handlers[name])


@contextmanager
def _transaction(self: Storage, *, sync: bool = False) -> Iterator[Any]:
    """Commit what is written in this context, or nothing if there is an exception.

    Args:
        sync: whether it has to be on the disk when its command is answered.
    """
    if getattr(self._tls, "user_txn", None) is not None:
        yield self._session()
        return
    session = self._session()
    session.reset()  # all cursors, which would keep their snapshot
    session.begin_transaction(NO_SYNC if _is_in_command(self) else None)
    try:
        yield session
    except Exception:
        with suppress(wt.WiredTigerError):  # WiredTiger may have rolled it back
            session.rollback_transaction()
        raise
    if not _is_in_command(self):
        _commit_batch_transaction(session, sync)
        return
    _commit_batch_transaction(session, False)
    if sync or self.sync_on_commit:
        self._tls.is_unsynced = True


def _beginning(use: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(use)
    def used(self: Storage, handle: UserTransactionHandle) -> Any:
        if not handle.began:
            handle.session.begin_transaction(NO_SYNC)
            handle.began = True
        return use(self, handle)

    return used


def _committing(commit: Callable[..., int]) -> Callable[..., int]:
    @wraps(commit)
    def committed(self: Storage, handle: UserTransactionHandle, **options: Any) -> int:
        found = commit(self, handle, **options)
        if handle.began and self.sync_on_commit:
            if _is_in_command(self):
                self._tls.is_unsynced = True
            else:
                _wait_for_disk(self)
        return found

    return committed


def _synced(handler: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(handler)
    def synced(doc: dict[str, Any], ctx: Any) -> Any:
        storage = ctx.storage
        if _is_in_command(storage):
            return handler(doc, ctx)
        storage._tls.is_unsynced = False
        try:
            return handler(doc, ctx)
        finally:
            is_unsynced, storage._tls.is_unsynced = storage._tls.is_unsynced, None
            if is_unsynced:
                _wait_for_disk(storage)

    return synced


def _is_in_command(storage: Storage) -> bool:
    """Say whether this thread's command waits for the disk at its end."""
    return getattr(storage._tls, "is_unsynced", None) is not None


def _wait_for_disk(storage: Storage) -> None:
    """Wait until all that was committed before is on the disk."""
    storage._session().log_flush("sync=on")
