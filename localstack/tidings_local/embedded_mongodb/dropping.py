"""Drop a collection by a range of keys instead of key by key.

SecantusDB reads all rows of a dropped collection into memory and removes them one after another,
while every other command waits: three minutes for 200,000 products with their index entries.
"""

from __future__ import annotations

from typing import Any

import wiredtiger as wt
from secantus import storage as tables
from secantus.storage import Storage

Prefix = tuple[str, ...]

# In the order in which SecantusDB empties them.
_OF_A_COLLECTION = (
    tables._NAT_TABLE,
    tables._NAT_SEQ_TABLE,
    tables._IDX_TABLE,
    tables._IDX_ENTRIES_TABLE,
    tables._UNIQ_TABLE,
)


def drop_by_ranges(storage: type[Storage]) -> None:
    """Let a storage class remove the rows before its own code looks for them."""
    drop_collection, drop_database = storage.drop_collection, storage.drop_database

    def collection_dropped(self: Storage, db: str, coll: str) -> bool:
        with self._lock:
            self._refresh_read_snapshot()
            for table in (tables._doc_table_for(db, coll), *_OF_A_COLLECTION):
                _truncate(self, table, (db, coll))
            return bool(drop_collection(self, db, coll))

    def database_dropped(self: Storage, db: str) -> None:
        with self._lock:
            self._refresh_read_snapshot()
            for table in (*tables._DOC_ALL_TABLES, *_OF_A_COLLECTION):
                _truncate(self, table, (db,))
            drop_database(self, db)

    storage.drop_collection = collection_dropped
    storage.drop_database = database_dropped


def _truncate(storage: Storage, table: str, prefix: Prefix) -> None:
    """Remove all rows of a table whose keys begin with a prefix."""
    first = storage._cursor_optional(table)
    if first is None:  # tables of documents are created when they are first written to
        return
    rest = storage._smallest_for_kf(storage._table_kf(table))[len(prefix) :]
    first.set_key(*prefix, *rest)
    if not _goes_to(first, forward=True) or not _begins_with(first, prefix):
        first.reset()
        return
    last = storage._cursor(table, overwrite=False)
    # No name contains a zero, so that no other name is between these two.
    last.set_key(*prefix[:-1], f"{prefix[-1]}\x01", *rest)
    _goes_to(last, forward=False)
    storage._tls.session.truncate(None, first, last, None)
    first.reset()
    last.reset()


def _goes_to(cursor: Any, *, forward: bool) -> bool:
    """Go to the nearest row at or after the cursor's key, or before it."""
    found = cursor.search_near()
    if found == wt.WT_NOTFOUND:
        return False
    if forward:
        return bool(found >= 0 or cursor.next() == 0)
    return bool(found < 0 or cursor.prev() == 0)


def _begins_with(cursor: Any, prefix: Prefix) -> bool:
    return tuple(cursor.get_key())[: len(prefix)] == prefix
