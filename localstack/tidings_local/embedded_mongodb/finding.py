"""Read only the documents that a query with a limit needs."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from functools import wraps
from itertools import islice
from typing import Any, Final

from secantus.ordering import _sort_value, _SortKey, sort_docs
from secantus.projection import apply_projection_batch
from secantus.query import matches
from secantus.storage import Storage, _id_point_lookup_keys

from .conditions import cases_of, is_operators, plain_conditions
from .entries import Walk, record_ids
from .lookups import lookups_of
from .reading import Document, OutOfOrder, Read, Reader, in_order, of_all, of_rows
from .walks import walk_for

UNDERSTOOD: Final = {"$and", "$or", "$nor"}
# After this many documents for each wanted one, look for an index that finds fewer.
PATIENCE: Final = 5


def read_what_is_asked_for(storage: type[Storage]) -> None:
    """Let a storage class stop reading when a query with a limit has enough.

    SecantusDB reads and decodes all documents that an index finds, or the whole collection, sorts
    them, and then takes the wanted ones. A MongoDB walks an index in the wanted order.
    """
    storage.find_matching = _with_limit(storage.find_matching)


def walks_of(
    storage: Storage, db: str, coll: str, filter: Mapping[str, Any], sort: Mapping[str, int]
) -> list[Walk]:
    """Return the walks whose documents contain all matches, each in the wanted order."""
    plain = plain_conditions(filter)
    if "_id" in plain and _id_point_lookup_keys(plain["_id"]) is not None:
        return []
    one = walk_for(storage, db, coll, plain, sort)
    for cases in cases_of(filter):
        each = [walk_for(storage, db, coll, case, sort) for case in cases]
        several = [walk for walk in each if walk is not None]
        fixed = one.equalities if one else 0
        if len(several) == len(each) and all(walk.equalities > fixed for walk in several):
            return several
    return [one] if one else []


def is_understood(storage: Storage, db: str, coll: str, filter: Mapping[str, Any]) -> bool:
    """Say whether a filter has only parts that are planned here."""
    special = storage._is_oplog_rs(db, coll) or storage._is_system_users(db, coll)
    if special or storage._is_system_version(db, coll) or storage._is_timeseries(db, coll):
        return False
    return _has_no_other_operators(filter)


def _has_no_other_operators(filter: Mapping[str, Any]) -> bool:
    for name, value in filter.items():
        if name.startswith("$"):
            if name not in UNDERSTOOD or not isinstance(value, list):
                return False
            parts = [each for each in value if isinstance(each, Mapping)]
            if len(parts) < len(value) or not all(map(_has_no_other_operators, parts)):
                return False
        elif is_operators(value) and any(each in value for each in Storage._GEO_OPS):
            return False
    return True


def _with_limit(find: Callable[..., list[Document]]) -> Callable[..., list[Document]]:
    @wraps(find)
    def found(
        self: Storage,
        db: str,
        coll: str,
        filter: dict[str, Any] | None = None,
        *,
        skip: int = 0,
        limit: int = 0,
        sort: Mapping[str, Any] | None = None,
        projection: Mapping[str, Any] | None = None,
        let: dict[str, Any] | None = None,
        **others: Any,
    ) -> list[Document]:
        wanted = {"skip": skip, "limit": limit, "sort": sort, "projection": projection, "let": let}
        where = filter or {}
        is_plain = (limit > 0 or sort) and all(each is None for each in others.values())
        if not is_plain or not _is_order(sort) or not is_understood(self, db, coll, where):
            return find(self, db, coll, filter, **wanted, **others)
        self._refresh_read_snapshot()
        some = _first(self, db, coll, where, sort or {}, skip + limit, let) if limit > 0 else None
        if some is None:
            some = sort_docs(find(self, db, coll, filter, let=let), sort)
        chosen = some[skip : skip + limit] if limit > 0 else some[skip:]
        return _projected(self, db, coll, chosen, projection, where, sort)

    return found


def _is_order(sort: Mapping[str, Any] | None) -> bool:
    return not sort or all(
        direction in (1, -1) and not name.startswith("$") for name, direction in sort.items()
    )


def _first(
    storage: Storage,
    db: str,
    coll: str,
    filter: dict[str, Any],
    sort: Mapping[str, int],
    number: int,
    let: Any,
) -> list[Document] | None:
    """Return the first matches, or None if they are found faster by reading all candidates."""
    if not sort:
        with storage._lock:
            rows = storage._try_index_id_keys(db, coll, filter)
        if rows is None:
            reader = of_all(storage, db, coll, number)
        else:
            reader = of_rows(storage, db, coll, rows, number)
        with closing(reader) as found:
            every = (doc for _, doc in found if matches(doc, filter, vars=let))
            return list(islice(every, number))
    with storage._lock:
        walks = walks_of(storage, db, coll, filter, sort)
        most = PATIENCE * (number + 10)
        if not walks or _are_few(storage, db, coll, filter, most, {each.index for each in walks}):
            return None
    try:
        with closing(_merged(storage, db, coll, walks, sort, number)) as merged:
            return _matching(storage, db, coll, filter, merged, number, let)
    except OutOfOrder:
        return None


def _are_few(
    storage: Storage,
    db: str,
    coll: str,
    filter: dict[str, Any],
    number: int,
    walked: set[str],
) -> bool:
    """Say whether another index, which serves several conditions, finds less than a number."""
    for walks in lookups_of(storage, db, coll, filter):
        if {walk.index for walk in walks} <= walked:
            continue
        rows = (row for walk in walks for row in record_ids(storage, db, coll, walk))
        if sum(1 for _ in islice(rows, number)) < number:
            return True
    return False


def _merged(
    storage: Storage, db: str, coll: str, walks: list[Walk], sort: Mapping[str, int], number: int
) -> Reader:
    """Yield the documents of all walks in the wanted order, each once."""
    streams = [in_order(storage, db, coll, walk, sort, number + 1) for walk in walks]
    if len(streams) == 1:
        yield from streams[0]
        return
    seen: set[int] = set()
    for row, doc in heapq.merge(*streams, key=lambda read: _sort_key(read[1], sort)):
        if row not in seen:
            seen.add(row)
            yield row, doc


def _matching(
    storage: Storage,
    db: str,
    coll: str,
    filter: dict[str, Any],
    found: Iterator[Read],
    number: int,
    let: Any,
) -> list[Document] | None:
    kept: list[Document] = []
    candidates: float | None = None
    look_at: float = PATIENCE * (number + 10)
    for read, (_, doc) in enumerate(found, start=1):
        if matches(doc, filter, vars=let):
            kept.append(doc)
            if len(kept) == number:
                break
        if read < look_at:
            continue
        if candidates is None:
            with storage._lock:
                rows = storage._try_index_id_keys(db, coll, filter)
            candidates = math.inf if rows is None else len(rows)
        # The walk goes on if it is likely to need fewer documents than another index finds.
        if candidates <= (number - len(kept)) * read / (len(kept) + 1):
            return None
        look_at = 2 * read
    return kept


def _sort_key(doc: Document, sort: Mapping[str, int]) -> tuple[Any, ...]:
    """Return the key by which SecantusDB sorts."""
    return tuple(
        _SortKey(_sort_value(doc, name, direction == -1), reverse=direction == -1, collation=None)
        for name, direction in sort.items()
    )


def _projected(
    storage: Storage,
    db: str,
    coll: str,
    found: list[Document],
    projection: Mapping[str, Any] | None,
    filter: dict[str, Any],
    sort: Mapping[str, Any] | None,
) -> list[Document]:
    if not projection:
        return found
    metas = storage._projection_metas(db, coll, found, projection, filter, sort, None, None)
    projected: list[Document] = apply_projection_batch(
        found, projection, filter, metas=metas, has_sort=bool(sort)
    )
    return projected
