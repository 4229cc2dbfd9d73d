"""Read the entries of an index in the order of their keys, from either end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import wiredtiger as wt
from secantus.sortkey import COMPOUND_SEP, encode_value_directed
from secantus.storage import (
    _ID_INDEX_NAME,
    _IDX_ENTRIES_TABLE,
    _NAT_SEQ_TABLE,
    Storage,
    _escape_kb,
    _unpack_entry,
)

# Above each key: a key begins with the rank of its type, or the inverted rank.
ABOVE_ALL: Final = b"\xff"


@dataclass(frozen=True)
class Walk:
    """The entries of an index whose keys begin with `prefix`, between two bounds.

    `field` is the first field of the order, and `is_inverted` says whether its keys are stored in
    descending order.
    """

    index: str
    key: Mapping[str, int]
    prefix: bytes
    field: str
    is_inverted: bool
    is_backward: bool
    equalities: int
    low: bytes | None = None
    high: bytes | None = None


def record_ids(storage: Storage, db: str, coll: str, walk: Walk) -> Iterator[int]:
    """Yield the record ids of a walk. The caller has the storage's lock at each step."""
    by_id = walk.index == _ID_INDEX_NAME
    head = (db, coll) if by_id else (db, coll, walk.index)
    # A key as it is stored has the names, each with a NUL behind it, before the packed values.
    names = "".join(f"{each}\0" for each in head).encode()
    length, beginning = len(names), names + walk.prefix
    storage._session()
    cursor = storage._tls.session.open_cursor(
        _NAT_SEQ_TABLE if by_id else _IDX_ENTRIES_TABLE, None, None
    )
    try:
        step = cursor.prev if walk.is_backward else cursor.next
        if not _place(cursor, head, walk):
            return
        while True:
            stored = cursor._get_key()
            if not stored.startswith(beginning):
                return
            packed = stored[length:]
            if _is_past(packed, walk):
                return
            if by_id:
                yield int(cursor.get_value())
            else:
                row = _unpack_entry(packed)[1]
                if row is not None:
                    yield row
            if step() != 0:
                return
    finally:
        cursor.close()


def number_of_ids(storage: Storage, db: str, coll: str, limit: int) -> int:
    """Return the number of a collection's documents, at most `limit`, without reading them."""
    beginning = f"{db}\0{coll}\0".encode()
    storage._session()
    cursor = storage._tls.session.open_cursor(_NAT_SEQ_TABLE, None, None)
    try:
        cursor.set_key(db, coll, b"")
        near, number = cursor.search_near(), 0
        if near == wt.WT_NOTFOUND or (near < 0 and cursor.next() != 0):
            return 0
        while number < limit and cursor._get_key().startswith(beginning):
            number += 1
            if cursor.next() != 0:
                break
        return number
    finally:
        cursor.close()


def _place(cursor: Any, head: tuple[str, ...], walk: Walk) -> bool:
    """Set a cursor on the first entry of a walk; return False if there is none."""
    if not walk.is_backward:
        cursor.set_key(*head, walk.prefix if walk.low is None else walk.low)
        near = cursor.search_near()
        return bool(near != wt.WT_NOTFOUND and (near >= 0 or cursor.next() == 0))
    cursor.set_key(*head, _after(walk.prefix if walk.high is None else walk.high))
    near = cursor.search_near()
    return bool(near != wt.WT_NOTFOUND and (near < 0 or cursor.prev() == 0))


def _after(beginning: bytes) -> bytes:
    """Return the first key after all that begin so."""
    kept = beginning.rstrip(b"\xff")
    return kept[:-1] + bytes([kept[-1] + 1]) if kept else ABOVE_ALL


def _is_past(packed: bytes, walk: Walk) -> bool:
    if walk.is_backward:
        return walk.low is not None and packed < walk.low
    return walk.high is not None and packed > walk.high and not packed.startswith(walk.high)


def has_longer_texts(storage: Storage, db: str, coll: str, walk: Walk, values: list[Any]) -> bool:
    """Say whether the index has texts that begin with the last of these values of its fields."""
    fields = list(walk.key)[walk.equalities :]
    parts = [
        encode_value_directed(value, int(walk.key[name]))
        for name, value in zip(fields, values, strict=False)
    ]
    beginning = walk.prefix + _escape_kb(COMPOUND_SEP.join(parts))
    with storage._lock:
        # NUL would be the end of the text.
        return exists(storage, (db, coll, walk.index), beginning, after=b"\x01")


def exists(
    storage: Storage, head: tuple[str, str, str], beginning: bytes, *, after: bytes = b""
) -> bool:
    """Say whether an index has an entry whose key begins so, with at least `after` behind it."""
    cursor = storage._cursor(_IDX_ENTRIES_TABLE)
    cursor.set_key(*head, beginning + after)
    near = cursor.search_near()
    if near == wt.WT_NOTFOUND or (near < 0 and cursor.next() != 0):
        return False
    *of, packed = cursor.get_key()
    return tuple(of) == head and bytes(packed).startswith(beginning)
