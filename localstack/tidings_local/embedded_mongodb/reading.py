"""Read documents one after the other, and count them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from itertools import islice
from threading import local
from typing import Any, Final

import bson
from secantus import deadline
from secantus.storage import Storage, _doc_table_for, _unframe_doc_value

from .conditions import is_simple
from .entries import Walk, has_longer_texts, record_ids

SMALLEST_CHUNK: Final = 4
LARGEST_CHUNK: Final = 500

Document = dict[str, Any]
Read = tuple[int, Document]
Reader = Generator[Read, None, None]


class OutOfOrder(Exception):
    """The entries of this index may not be in the order of the documents."""


class Examined(local):
    """The number of documents that the present command of this thread has read."""

    documents = 0


examined: Final = Examined()


def in_order(
    storage: Storage, db: str, coll: str, walk: Walk, sort: Mapping[str, int], first: int
) -> Reader:
    """Yield the documents of a walk, the first `first` of them in one reading.

    Raises:
        OutOfOrder: a value was found that an index does not order as a query does.
    """
    last: Read | None = None
    rows = record_ids(storage, db, coll, walk)
    with closing(_documents(storage, db, coll, rows, first)) as found:
        for each in found:
            _check_order(storage, db, coll, walk, sort, each[1])
            # It is yielded after the next one, whose id may show that the order is not certain.
            if last is not None:
                _check_ids(walk, sort, last[1], each[1])
                yield last
            last = each
    if last is not None:
        yield last


def of_rows(storage: Storage, db: str, coll: str, rows: Iterable[int], first: int) -> Reader:
    """Yield the documents with these record ids, each once."""
    return _documents(storage, db, coll, iter(rows), first)


def of_all(storage: Storage, db: str, coll: str, first: int) -> Reader:
    """Yield all documents in the order of insertion."""
    scan = iter(storage._scan_docs(db, coll))
    return _chunks(storage, ((row, blob) for row, _, blob in scan), first)


def _documents(storage: Storage, db: str, coll: str, rows: Iterator[int], first: int) -> Reader:
    def blobs() -> Iterator[tuple[int, bytes]]:
        seen: set[int] = set()
        for row in rows:
            if row in seen:
                continue
            seen.add(row)
            cursor = storage._cursor_optional(_doc_table_for(db, coll))
            if cursor is None:
                return
            cursor.set_key(db, coll, row)
            if cursor.search() == 0:
                yield row, _unframe_doc_value(bytes(cursor.get_value()))[1]

    return _chunks(storage, blobs(), first)


def _chunks(storage: Storage, blobs: Iterator[tuple[int, bytes]], first: int) -> Reader:
    """Read under the storage's lock, and decode without it.

    Each chunk after the first is a quarter of what was read before it, so that few documents are
    read in vain.
    """
    size, read = min(first, LARGEST_CHUNK), 0
    while True:
        with storage._lock:
            if storage._closed:
                raise RuntimeError("Storage is closed")
            chunk = list(islice(blobs, size))
        for row, blob in chunk:
            deadline.check()
            examined.documents += 1
            yield row, bson.decode(blob)
        if len(chunk) < size:
            return
        read += size
        size = min(max(read // 4, SMALLEST_CHUNK), LARGEST_CHUNK)


def _check_order(
    storage: Storage, db: str, coll: str, walk: Walk, sort: Mapping[str, int], doc: Document
) -> None:
    """Check that the place of a document in the index is that of its values.

    In a descending index the key of `ab` is before the key of `abc`, although it belongs after it.
    """
    values = [doc.get(name) for name in sort]
    if not all(map(is_simple, values)):
        raise OutOfOrder
    for number, name in enumerate(sort, start=1):
        if walk.key[name] != -1 or not isinstance(values[number - 1], str):
            continue
        if walk.is_backward:
            raise OutOfOrder
        if name != "_id" and has_longer_texts(storage, db, coll, walk, values[:number]):
            raise OutOfOrder


def _check_ids(walk: Walk, sort: Mapping[str, int], before: Document, after: Document) -> None:
    """Check that the next id, which is no other document's, does not begin with this one."""
    if walk.key.get("_id") != -1 or "_id" not in sort:
        return
    ids = before["_id"], after["_id"]
    if (
        all(isinstance(each, str) for each in ids)
        and ids[0] != ids[1]
        and ids[1].startswith(ids[0])
    ):
        raise OutOfOrder


def counted(read: Callable[..., Any], number: Callable[[Any], int]) -> Callable[..., Any]:
    """Count the documents that a function of the storage returns."""

    def counting(*args: Any, **options: Any) -> Any:
        found = read(*args, **options)
        examined.documents += number(found)
        return found

    return counting
