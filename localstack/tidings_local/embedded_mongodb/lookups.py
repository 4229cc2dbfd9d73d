"""Look up documents by an index although the filter has more conditions than the index."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from secantus.storage import Storage, _id_point_lookup_keys

from .conditions import LOWER, UPPER, Cases, alternatives, cases_of, is_operators, plain_conditions
from .entries import Walk
from .entries import record_ids as walked_rows
from .walks import lookup_for

RecordIds = list[Any] | None


def by_a_part_of(find: Callable[..., RecordIds]) -> Callable[..., RecordIds]:
    """Use an index for a part of the filter.

    With an operator like `$and` or `$or` at the top of a filter SecantusDB reads the whole
    collection, and its own findAndModify makes such a filter. All found documents are matched with
    the whole filter afterwards.
    """

    def record_ids(
        self: Storage, db: str, coll: str, filter: dict[str, Any], *, collation: Any = None
    ) -> RecordIds:
        plain = plain_conditions(filter)
        ids = _id_point_lookup_keys(plain["_id"]) if "_id" in plain else None
        if ids is not None and not self._is_timeseries(db, coll):
            found = [self._doc_recordid(db, coll, each) for each in ids]
            return [each for each in found if each is not None]
        if collation is None:
            fewest = _fewest(self, db, coll, lookups_of(self, db, coll, filter))
            if fewest is not None:
                return sorted(fewest)
        certain = _certain(self, db, coll, plain)
        others = find(self, db, coll, certain, collation=collation)
        if others is not None:
            return others
        for parts in alternatives(filter):
            united = _united(self, db, coll, parts, collation)
            if united is not None:
                return united
        return None

    return record_ids


def _fewest(storage: Storage, db: str, coll: str, lists: Iterable[list[Walk]]) -> set[int] | None:
    """Return the rows of the shortest list; `finding` chose a look-up because of its length."""
    best: set[int] | None = None
    for walks in lists:
        rows = (row for walk in walks for row in walked_rows(storage, db, coll, walk))
        some = list(islice(rows, None if best is None else len(best)))
        if best is None or len(some) < len(best):
            best = set(some)
    return best


def lookups_of(
    storage: Storage, db: str, coll: str, filter: Mapping[str, Any]
) -> Iterator[list[Walk]]:
    """Yield parts of indexes that several conditions describe, all matches being in each list."""
    one = lookup_for(storage, db, coll, plain_conditions(filter))
    if one is not None:
        yield [one]
    for cases in cases_of(filter):
        several = _lookups_for(storage, db, coll, cases)
        if several:
            yield several


def _lookups_for(storage: Storage, db: str, coll: str, cases: Cases) -> list[Walk]:
    """Return a part of an index for each case, or none."""
    found: list[Walk] = []
    for conditions in cases.conditions:
        # Conditions that differ in one value usually have the same index.
        only = found[0].index if found and cases.fields else None
        # Without their fields they would all have the same part of it.
        walk = lookup_for(storage, db, coll, conditions, by=cases.fields, only=only)
        if walk is None and only is not None:
            walk = lookup_for(storage, db, coll, conditions, by=cases.fields)
        if walk is None:
            return []
        found.append(walk)
    return found


def _certain(storage: Storage, db: str, coll: str, conditions: dict[str, Any]) -> dict[str, Any]:
    """Return the conditions without those for which SecantusDB finds too few documents.

    One is a range of texts in descending order: there the key of `ab` is before the key of `abc`,
    although it belongs after it. The other is a range with two ends for arrays: `{$gt: 1, $lt: 5}`
    finds [0, 9], which has no entry between them.
    """
    texts = {name for name, value in conditions.items() if _is_range_of_texts(value)}
    two_sided = {
        name for name, value in conditions.items() if is_operators(value) and len(value) > 1
    }
    if not texts and not two_sided:
        return conditions
    left_out: set[str] = set()
    for _, key, options in storage._iter_indexes(db, coll):
        left_out |= {name for name in texts if key.get(name) == -1}
        left_out |= {name for name in two_sided if name in key and options.get("multikey")}
    return {name: value for name, value in conditions.items() if name not in left_out}


def _is_range_of_texts(condition: Any) -> bool:
    return is_operators(condition) and any(
        isinstance(value, str) and operator in (*LOWER, *UPPER)
        for operator, value in condition.items()
    )


def _united(storage: Storage, db: str, coll: str, parts: list[Any], collation: Any) -> RecordIds:
    """Return the record ids of all alternatives in the order of insertion, if each has an index."""
    found: set[Any] = set()
    for part in parts:
        some = storage._try_index_id_keys(db, coll, part, collation=collation)
        if some is None:
            return None
        found.update(some)
    return sorted(found)
