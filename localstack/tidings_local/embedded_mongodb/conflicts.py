"""Writes of many documents let a transaction end that is in their way."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from secantus import storage, transactions
from secantus.storage import Storage, WriteConflictError
from wiredtiger import WiredTigerError

PAUSE_SECONDS: Final = 0.005


def wait_without_locks(
    stored: type[Storage], registry: type[transactions.TransactionRegistry]
) -> None:
    """Let nothing wait for a transaction with a lock that the transaction needs."""
    stored._update_chunk = _yielding(stored._update_chunk)
    stored._delete_chunk = _yielding(stored._delete_chunk)
    registry._prune_locked = _abort_expired


def _yielding(change: Callable[..., Any]) -> Callable[..., Any]:
    """Release the lock of the collection before a chunk of documents is tried again.

    A chunk conflicts with a transaction that changed one of its documents. SecantusDB tries again
    with the lock, for which the transaction's next write waits, so that neither ever ends.
    A conflict has undone the chunk, and the next attempt reads its documents again.
    """
    attempt: Callable[..., Any] = change.__wrapped__  # type: ignore[attr-defined]

    def changed(store: Any, db: str, collection: str, *args: Any, **named: Any) -> Any:
        while True:
            try:
                return attempt(store, db, collection, *args, **named)
            except (WriteConflictError, WiredTigerError) as conflict:
                if not isinstance(conflict, WriteConflictError) and not storage._is_wt_rollback(
                    conflict
                ):
                    raise
            lock = store._coll_lock(db, collection)
            lock.release()
            try:
                time.sleep(PAUSE_SECONDS)
            finally:
                lock.acquire()

    return changed


def _abort_expired(registry: Any) -> int:
    """Abort the transactions that were idle too long; the lock of the registry is held.

    SecantusDB waits for the current statement of each transaction, and with it every commit does.
    A transaction with a running statement is not idle.
    """
    cutoff, aborted = registry._time() - registry._lifetime, 0
    for each in registry._txns.values():
        if each.last_use >= cutoff or not each.mutex.acquire(blocking=False):
            continue
        try:
            if each.state is transactions.TxnState.IN_PROGRESS and each.last_use < cutoff:
                registry._rollback_quietly(each)
                each.state = transactions.TxnState.ABORTED
                aborted += 1
        finally:
            each.mutex.release()
    return aborted
