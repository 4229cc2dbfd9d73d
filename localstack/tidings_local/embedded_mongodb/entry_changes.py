"""Write only the index entries that an update changes.

For each updated document SecantusDB removes all its entries from all indexes and writes them again,
each twice checked for indexes of unique values and of places, although most updates change a field
or two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from threading import local
from typing import Any, Final, NamedTuple

from secantus import storage as secantus_storage
from secantus.query import matches
from secantus.storage import _IDX_ENTRIES_TABLE, Storage, _pack_entry

from .index_lists import Described, Indexes
from .plain_values import PLAIN

Document = Mapping[str, Any]

_ABSENT: Final = object()


class Update(NamedTuple):
    """A document before and after an update, and the fields at its top that may be different."""

    before: Document
    after: Document
    changed: set[str]


class Latest(local):
    """The latest update of this thread. SecantusDB writes it before it makes another one."""

    update: Update | None = None


latest: Final = Latest()


def write_what_changes(storage: type[Storage]) -> None:
    """Let a storage class leave those entries alone that an update does not change."""
    secantus_storage._doc_changed = _noting_fields(secantus_storage._doc_changed)
    delete, write = storage._delete_index_entries, storage._write_index_entries
    storage._delete_index_entries = _not_of_updates(delete)
    storage._write_index_entries = _replacing(delete, write)
    storage._unique_conflict = _checking_few(storage._unique_conflict, lambda each: each.unique)
    storage._validate_geo_indexes = _checking_few(
        storage._validate_geo_indexes, lambda each: each.of_places
    )
    storage._maybe_mark_multikey = _marking_changed(storage._maybe_mark_multikey)


def _noting_fields(has_changed: Callable[..., bool]) -> Callable[..., bool]:
    """Note which fields an update changes, when SecantusDB asks whether it changes something."""

    @wraps(has_changed)
    def is_changed(new: dict[str, Any], old: dict[str, Any]) -> bool:
        changed = old.keys() - new.keys()
        is_certain = bool(changed)
        for name, value in new.items():
            before = old.get(name, _ABSENT)
            if before is value or _is_same(before, value):
                continue
            changed.add(name)
            is_certain = is_certain or before is _ABSENT or type(value) in PLAIN
        latest.update = Update(old, new, changed)
        return is_certain or has_changed(new, old)

    return is_changed


def _is_same(one: Any, other: Any) -> bool:
    """Say whether two values are certainly stored alike."""
    if one is other:
        return True
    kind = type(one)
    if kind is not type(other):
        return False
    if kind in PLAIN or kind in (int, datetime):
        return bool(one == other)
    if kind is dict:
        return list(one) == list(other) and all(map(_is_same, one.values(), other.values()))
    if kind is list:
        return len(one) == len(other) and all(map(_is_same, one, other))
    return False


def _of(doc: Document) -> Update | None:
    """Return the update that has made a document."""
    update = latest.update
    return update if update is not None and update.after is doc else None


def _not_of_updates(delete: Callable[..., None]) -> Callable[..., None]:
    """Leave an update's old entries to the writing of its new ones, which follows."""

    @wraps(delete)
    def deleting(self: Storage, db: str, coll: str, doc: Document, *args: Any, **how: Any) -> None:
        if latest.update is None or latest.update.before is not doc:
            delete(self, db, coll, doc, *args, **how)

    return deleting


def _replacing(delete: Callable[..., None], write: Callable[..., None]) -> Callable[..., None]:
    @wraps(write)
    def replacing(
        self: Storage,
        db: str,
        coll: str,
        doc: Document,
        indexes: list[Described],
        partials: dict[str, Document] | None = None,
        *,
        recordid: int,
    ) -> None:
        update = _of(doc)
        if update is None:  # an insert
            write(self, db, coll, doc, indexes, partials, recordid=recordid)
            return
        found: Indexes = self.indexes(db, coll)
        for index in _concerned(indexes, found, update):
            name = index[0]
            if found.all is indexes and _is_plain(index, found):
                filter = found.partial_filters.get(name)
                before = _keys(update.before, index, filter, recordid)
                after = _keys(doc, index, filter, recordid)
                _replace(self, (db, coll, name), before, after)
            else:
                delete(self, db, coll, update.before, [index], partials, recordid=recordid)
                write(self, db, coll, doc, [index], partials, recordid=recordid)

    return replacing


def _checking_few(
    check: Callable[..., Any], choose: Callable[[Indexes], list[Described]]
) -> Callable[..., Any]:
    """Return a check that is made only for some indexes, and only if an update concerns them."""

    @wraps(check)
    def checked(
        self: Storage,
        db: str,
        coll: str,
        doc: Document,
        indexes: list[Described],
        *args: Any,
        **how: Any,
    ) -> Any:
        found: Indexes = self.indexes(db, coll)
        update = _of(doc)
        some = choose(found) if found.all is indexes else indexes
        if some and update is not None:
            some = _concerned(some, found, update)
        return check(self, db, coll, doc, some, *args, **how) if some else None

    return checked


def _marking_changed(mark: Callable[..., set[str]]) -> Callable[..., set[str]]:
    """Look for the first array of an index only in the fields that an update changes."""

    @wraps(mark)
    def marked(
        self: Storage,
        db: str,
        coll: str,
        doc: Document,
        indexes: list[Described],
        already: set[str],
    ) -> set[str]:
        update = _of(doc)
        if update is not None:
            indexes = _concerned(indexes, self.indexes(db, coll), update)
        return mark(self, db, coll, doc, indexes, already)

    return marked


def _concerned(indexes: list[Described], found: Indexes, update: Update) -> list[Described]:
    """Return the indexes whose entries may depend on the fields that an update changes."""
    some = []
    for index in indexes:
        fields = found.fields.get(index[0])
        if fields is None or not fields.isdisjoint(update.changed):
            some.append(index)
    return some


def _is_plain(index: Described, found: Indexes) -> bool:
    """Say whether an index has nothing but entries for values."""
    is_checked = index in found.unique or index in found.of_places
    return not is_checked and "collation" not in found.options[index[0]]


def _keys(doc: Document, index: Described, filter: Document | None, recordid: int) -> list[bytes]:
    """Return the keys of a document's entries in an index."""
    _, key, is_sparse, _ = index
    if filter is not None and not matches(doc, filter):
        return []
    keys = secantus_storage._index_key_variants(doc, key, sparse=is_sparse)
    return [_pack_entry(each, recordid) for each in keys]


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
