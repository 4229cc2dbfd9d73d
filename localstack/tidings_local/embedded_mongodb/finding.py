"""Read only the documents that a query with a limit needs."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import wraps
from itertools import islice
from typing import Any, Final

from secantus.ordering import _sort_value, _SortKey, sort_docs
from secantus.projection import apply_projection_batch
from secantus.query import matches
from secantus.storage import Storage, _id_point_lookup_keys

from .conditions import Cases, cases_of, is_operators, plain_conditions
from .entries import Walk, record_ids
from .lookups import lookups_of
from .plain_values import RANKS
from .reading import Document, OutOfOrder, Reader, in_order, of_all, of_rows
from .walks import walk_for

UNDERSTOOD: Final = {"$and", "$or", "$nor"}
# After this many documents for each wanted one, look for an index that finds fewer.
PATIENCE: Final = 2


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
    return next(iter(_plans_of(storage, db, coll, filter, sort)), [])


def _plans_of(
    storage: Storage, db: str, coll: str, filter: Mapping[str, Any], sort: Mapping[str, int]
) -> list[list[Walk]]:
    """Return the lists of walks that serve the most conditions.

    Each list is enough: its documents contain all matches, in the wanted order.
    """
    plain = plain_conditions(filter)
    if "_id" in plain and _id_point_lookup_keys(plain["_id"]) is not None:
        return []
    found = [_walks_for(storage, db, coll, cases, sort) for cases in cases_of(filter)]
    found.append(_walks_for(storage, db, coll, Cases([plain]), sort))
    found = [each for each in found if each]
    most = max(map(_equalities, found), default=0)
    return [each for each in found if _equalities(each) == most]


def _walks_for(
    storage: Storage, db: str, coll: str, cases: Cases, sort: Mapping[str, int]
) -> list[Walk]:
    """Return a walk for each case, or none."""
    found: list[Walk] = []
    for conditions in cases.conditions:
        # Conditions that differ in one value have the same index.
        only = found[0].index if found and cases.fields else None
        walk = walk_for(storage, db, coll, conditions, sort, by=cases.fields, only=only)
        if walk is None:
            return []
        found.append(walk)
    return found


def _equalities(walks: list[Walk]) -> int:
    return min(walk.equalities for walk in walks)


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
        plans = _plans_of(storage, db, coll, filter, sort)
        most, walked = PATIENCE * (number + 10), {walk.index for each in plans for walk in each}
        if not plans or _are_few(storage, db, coll, filter, most, walked):
            return None
    tries = [
        Try(_merged(storage, db, coll, walks, sort, number), filter, number, let) for walks in plans
    ]
    try:
        return _fastest(storage, db, coll, filter, tries)
    except OutOfOrder:
        return None
    finally:
        for each in tries:
            each.reader.close()


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
    # Of several walks, each has its share of the wanted documents, and one to compare.
    first = number + 1 if len(walks) == 1 else number // len(walks) + 2
    streams = [in_order(storage, db, coll, walk, sort, first) for walk in walks]
    if len(streams) == 1:
        yield from streams[0]
        return
    seen: set[int] = set()
    descending = set(sort.values()) == {-1}
    for row, doc in heapq.merge(*streams, key=_merge_key(sort), reverse=descending):
        if row not in seen:
            seen.add(row)
            yield row, doc


class Try:
    """The matches among the first documents of a reader."""

    def __init__(self, reader: Reader, filter: dict[str, Any], number: int, let: Any) -> None:
        self.reader = reader
        self.kept: list[Document] = []
        self.read = 0
        self._filter, self._number, self._let = filter, number, let

    def go_on(self, until: int) -> bool:
        """Read until this many documents are read; return True if it has all that is wanted."""
        for _, doc in islice(self.reader, until - self.read):
            self.read += 1
            if matches(doc, self._filter, vars=self._let):
                self.kept.append(doc)
                if len(self.kept) == self._number:
                    return True
        return self.read < until

    @property
    def rest(self) -> float:
        """The number of documents that it is likely to read from now on."""
        return (self._number - len(self.kept)) * self.read / (len(self.kept) + 1)


def _fastest(
    storage: Storage, db: str, coll: str, filter: dict[str, Any], tries: list[Try]
) -> list[Document] | None:
    """Go on with the try that finds the most, like a MongoDB, which tries plans beside each other.

    Return None if another index finds fewer documents than that try is likely to read.
    """
    patience = PATIENCE * (tries[0]._number + 10)
    for each in tries:
        if each.go_on(patience):
            return each.kept
    best = max(tries, key=lambda each: len(each.kept))
    while not _finds_fewer(storage, db, coll, filter, math.ceil(best.rest)):
        if best.go_on(2 * best.read):
            return best.kept
    return None


def _finds_fewer(storage: Storage, db: str, coll: str, filter: dict[str, Any], number: int) -> bool:
    """Say whether an index finds fewer documents than a number; count no further than that."""
    with storage._lock:
        several = list(lookups_of(storage, db, coll, filter))
        for walks in several:
            rows = (row for walk in walks for row in record_ids(storage, db, coll, walk))
            if sum(1 for _ in islice(rows, number)) < number:
                return True
        found = None if several else storage._try_index_id_keys(db, coll, filter)
    return found is not None and len(found) < number


def _merge_key(sort: Mapping[str, int]) -> Callable[[tuple[int, Document]], Any]:
    """Return the function that gives the key of a document that was read in order.

    Values in a walk are simple, so that the rank of their type and Python's own order decide.
    SecantusDB's keys take several times as long; they are needed for orders in both directions.
    """
    if len(set(sort.values())) > 1:
        return lambda read: _sort_key(read[1], sort)
    if len(sort) == 1:
        (name,) = sort
        return lambda read: _plain_key(read[1].get(name))
    return lambda read: [_plain_key(read[1].get(name)) for name in sort]


def _plain_key(value: Any) -> tuple[int, Any]:
    return RANKS[type(value)], 0 if value is None else value


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
