"""Write only the index entries that an update changes.

For each updated document SecantusDB removes all its entries from all indexes and writes them again,
each twice checked for indexes of unique values and of places, although most updates change a field
or two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from typing import Any, Final, NamedTuple

from bson import ObjectId
from secantus.query import matches
from secantus.storage import (
    _IDX_ENTRIES_TABLE,
    Storage,
    _index_key_variants,
    _pack_entry,
)

Document = Mapping[str, Any]
Index = tuple[str, dict[str, Any], bool, bool]

COMPARABLE: Final = (str, int, bool, datetime, ObjectId)
_ABSENT: Final = object()


class Replaced(NamedTuple):
    """A document whose entries are to be replaced by those of its new version."""

    recordid: int
    doc: Document


def write_what_changes(storage: type[Storage]) -> None:
    """Let a storage class leave those entries alone that an update does not change."""
    storage._update_matching_single_txn = _updating(storage._update_matching_single_txn)
    storage._update_chunk = _updating(storage._update_chunk)
    storage._enforce_capped_bounds_locked = _deleting(storage._enforce_capped_bounds_locked)
    delete, write = storage._delete_index_entries, storage._write_index_entries
    storage._delete_index_entries = _deferred(delete)
    storage._write_index_entries = _replacing(delete, write)
    storage._unique_conflict = _only_with(_is_unique, storage._unique_conflict)
    storage._validate_geo_indexes = _only_with(
        lambda index, _: _is_of_places(index), storage._validate_geo_indexes
    )


def _updating(update: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(update)
    def updating(self: Storage, *args: Any, **options: Any) -> Any:
        with _state(self, is_update=True):
            return update(self, *args, **options)

    return updating


def _deleting(delete: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(delete)
    def deleting(self: Storage, *args: Any, **options: Any) -> Any:
        with _state(self, is_update=False):
            return delete(self, *args, **options)

    return deleting


@contextmanager
def _state(storage: Storage, *, is_update: bool) -> Iterator[None]:
    """Say whether this thread's removed entries are followed by those of the new version."""
    before = getattr(storage._tls, "is_update", False)
    storage._tls.is_update, storage._tls.replaced = is_update, None
    try:
        yield
    finally:
        storage._tls.is_update, storage._tls.replaced = before, None


def _deferred(delete: Callable[..., None]) -> Callable[..., None]:
    @wraps(delete)
    def deferred(
        self: Storage, db: str, coll: str, doc: Document, *args: Any, recordid: int
    ) -> None:
        if getattr(self._tls, "is_update", False):
            self._tls.replaced = Replaced(recordid, doc)
        else:
            delete(self, db, coll, doc, *args, recordid=recordid)

    return deferred


def _replacing(delete: Callable[..., None], write: Callable[..., None]) -> Callable[..., None]:
    @wraps(write)
    def replacing(
        self: Storage,
        db: str,
        coll: str,
        doc: Document,
        indexes: list[Index],
        partials: dict[str, Document] | None = None,
        *,
        recordid: int,
    ) -> None:
        replaced: Replaced | None = getattr(self._tls, "replaced", None)
        if replaced is None or replaced.recordid != recordid:  # an insert
            write(self, db, coll, doc, indexes, partials, recordid=recordid)
            return
        self._tls.replaced = None
        if partials is None:
            partials = self._partial_filters(db, coll)
        options = self._index_options_map(db, coll)
        changed = _changed_fields(replaced.doc, doc)
        for index in indexes:
            name, key = index[:2]
            if not _concerns(changed, key, partials.get(name)):
                continue
            if _is_plain(index, options):
                filter = partials.get(name)
                before = _keys(replaced.doc, index, filter, recordid)
                _replace(self, (db, coll, name), before, _keys(doc, index, filter, recordid))
            else:
                delete(self, db, coll, replaced.doc, [index], partials, recordid=recordid)
                write(self, db, coll, doc, [index], partials, recordid=recordid)

    return replacing


def _replace(
    storage: Storage, head: tuple[str, str, str], before: list[bytes], after: list[bytes]
) -> None:
    cursor = storage._cursor(_IDX_ENTRIES_TABLE)
    for key in before:
        if key not in after:
            cursor.set_key(*head, key)
            if cursor.search() == 0:
                cursor.remove()
            cursor.reset()
    for key in after:
        if key not in before:
            cursor[(*head, key)] = b""
            cursor.reset()


def _keys(doc: Document, index: Index, filter: Document | None, recordid: int) -> list[bytes]:
    """Return the keys of a document's entries in an index."""
    _, key, is_sparse, _ = index
    if filter is not None and not matches(doc, filter):
        return []
    return [_pack_entry(each, recordid) for each in _index_key_variants(doc, key, sparse=is_sparse)]


def _changed_fields(before: Document, after: Document) -> set[str]:
    """Return the fields at the top of a document that may have other values."""
    return {
        name
        for name in before.keys() | after.keys()
        if not _is_same(before.get(name, _ABSENT), after.get(name, _ABSENT))
    }


def _is_same(one: Any, other: Any) -> bool:
    """Say whether two values are certainly stored alike."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if type(one) in COMPARABLE:
        return bool(one == other)
    if type(one) is dict:
        return list(one) == list(other) and all(map(_is_same, one.values(), other.values()))
    if type(one) is list:
        return len(one) == len(other) and all(map(_is_same, one, other))
    return False


def _concerns(changed: set[str], key: Document, filter: Document | None) -> bool:
    """Say whether the entries of an index may depend on changed fields."""
    for name in (*key, *(filter or ())):
        if name.startswith("$") or name.partition(".")[0] in changed:
            return True
    return False


def _is_plain(index: Index, options: Mapping[str, Document]) -> bool:
    """Say whether an index has nothing but entries for values."""
    own = options.get(index[0], {})
    return not _is_unique(index, own) and not _is_of_places(index) and "collation" not in own


def _is_unique(index: Index, options: Document) -> bool:
    return index[3] or bool(options.get("prepareUnique"))


def _is_of_places(index: Index) -> bool:
    return any(isinstance(direction, str) for direction in index[1].values())


def _only_with(
    concerns: Callable[[Index, Document], bool], check: Callable[..., Any]
) -> Callable[..., Any]:
    """Return a check of a document that is made only for the indexes that it concerns."""

    @wraps(check)
    def checked(
        self: Storage,
        db: str,
        coll: str,
        doc: Document,
        indexes: list[Index],
        *args: Any,
        **how: Any,
    ) -> Any:
        options = self._index_options_map(db, coll)
        some = [each for each in indexes if concerns(each, options.get(each[0], {}))]
        return check(self, db, coll, doc, some, *args, **how) if some else None

    return checked
