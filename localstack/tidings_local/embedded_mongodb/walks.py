"""Choose the part of an index to read for a query."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from secantus.sortkey import COMPOUND_SEP, RANK_ARRAY, encode_value_directed
from secantus.storage import _ID_INDEX_NAME, Storage, _escape_kb, _sparse_index_usable

from .conditions import LOWER, UPPER, beginning_of, is_equality, is_operators, is_simple
from .entries import Walk, exists

Index = tuple[str, Mapping[str, Any], Mapping[str, Any]]


def walk_for(
    storage: Storage,
    db: str,
    coll: str,
    conditions: Mapping[str, Any],
    sort: Mapping[str, int],
    *,
    by: Set[str] | None = None,
    only: str | None = None,
) -> Walk | None:
    """Return the shortest part of an index that contains all matches in the wanted order.

    Args:
        storage: the storage.
        db: the database.
        coll: the collection.
        conditions: the plain conditions of the query.
        sort: the wanted order.
        by: fields whose one value the index must serve.
        only: the name of the only index to look at.
    """
    if any("." in name for name in sort):
        return None
    found: list[Walk | None] = []
    if by is None:
        found.append(_walk(storage, (_ID_INDEX_NAME, {"_id": 1}, {}), conditions, sort))
    for index in _indexes(storage, db, coll, only):
        walk = _walk(storage, index, conditions, sort)
        if walk is not None and _has_arrays(storage, db, coll, walk, index[2], sort):
            walk = None
        found.append(walk)
    fitting = [each for each in found if each is not None]
    fitting = [each for each in fitting if (by or set()) <= {*list(each.key)[: each.equalities]}]
    fitting = [each for each in fitting if not _leaves_out(storage, db, coll, each, conditions)]
    return max(fitting, key=lambda each: each.equalities, default=None)


def lookup_for(
    storage: Storage,
    db: str,
    coll: str,
    conditions: Mapping[str, Any],
    *,
    by: Set[str] | None = None,
    only: str | None = None,
) -> Walk | None:
    """Return the part of an index that at least two conditions describe, with all matches in it.

    For a single condition SecantusDB finds the index itself; of several it takes the first that has
    one, which may be true of most documents. `by` and `only` are those of `walk_for`.
    """
    indexes = _indexes(storage, db, coll, only)
    found = [_lookup(storage, index, conditions) for index in indexes]
    fitting = [each for each in found if each is not None and _conditions_in(each) > 1]
    fitting = [each for each in fitting if (by or set()) <= {*list(each.key)[: each.equalities]}]
    fitting = [each for each in fitting if not _leaves_out(storage, db, coll, each, conditions)]
    return max(fitting, key=_conditions_in, default=None)


def exact_walk(storage: Storage, db: str, coll: str, filter: Mapping[str, Any]) -> Walk | None:
    """Return the part of an index with one entry for each match, and with no other entries."""
    if not all(type(value) is str and "." not in name for name, value in filter.items()):
        return None
    for index in _indexes(storage, db, coll):
        name, key, options = index
        if options.keys() & {"multikey", "sparse", "partialFilterExpression"}:
            continue
        fixed = _number_of_fixed(key, filter)
        if fixed == len(filter) < len(key) and _may_serve(storage, index, filter):
            return _built(name, key, fixed, _prefix(key, fixed, filter), None, None)
    return None


def _indexes(storage: Storage, db: str, coll: str, only: str | None = None) -> list[Index]:
    """Return all indexes, or one of this name. They are not copied, and not to be changed."""
    every: list[Index] = storage.indexes(db, coll).lists
    return every if only is None else [each for each in every if each[0] == only]


def _conditions_in(walk: Walk) -> float:
    bounds = (walk.low is not None) + (walk.high is not None)
    return walk.equalities + bounds / 2


def _walk(
    storage: Storage, index: Index, conditions: Mapping[str, Any], sort: Mapping[str, int]
) -> Walk | None:
    """Return the walk of an index in the wanted order, if it has this order."""
    name, key, _ = index
    if not _may_serve(storage, index, conditions):
        return None
    fields = list(key.items())
    fixed = _number_of_fixed(
        key, {name: conditions[name] for name in conditions if name not in sort}
    )
    ordered = fields[fixed : fixed + len(sort)]
    wanted = [(each, int(direction)) for each, direction in sort.items()]
    is_backward = ordered != wanted
    if is_backward and ordered != [(each, -direction) for each, direction in wanted]:
        return None
    prefix = _prefix(key, fixed, conditions)
    first, direction = ordered[0]
    low, high = _bounds(conditions.get(first), direction, prefix)
    return _built(name, key, fixed, prefix, low, high, is_backward=is_backward)


def _lookup(storage: Storage, index: Index, conditions: Mapping[str, Any]) -> Walk | None:
    """Return the entries of an index for equalities and one range."""
    name, key, options = index
    if not _may_serve(storage, index, conditions):
        return None
    fixed = min(_number_of_fixed(key, conditions), len(key) - 1)
    first, direction = list(key.items())[fixed]
    prefix = _prefix(key, fixed, conditions)
    low, high = _bounds(conditions.get(first), direction, prefix)
    if options.get("multikey") and low != high:
        # `{$gt: 1, $lt: 5}` finds [0, 9], which has no entry between them.
        high = None if low is not None else high
    return _built(name, key, fixed, prefix, low, high)


def _may_serve(storage: Storage, index: Index, conditions: Mapping[str, Any]) -> bool:
    _, key, options = index
    if options.get("collation") or any(direction not in (1, -1) for direction in key.values()):
        return False
    if options.get("sparse") and not _sparse_index_usable(key, conditions):
        return False
    partial = options.get("partialFilterExpression")
    return not partial or storage._query_implies_partial(conditions, partial)


def _number_of_fixed(key: Mapping[str, Any], conditions: Mapping[str, Any]) -> int:
    """Return the number of first fields that have one value."""
    number = 0
    for name in key:
        if name not in conditions or not is_equality(name, conditions[name]):
            break
        number += 1
    return number


def _prefix(key: Mapping[str, Any], fixed: int, conditions: Mapping[str, Any]) -> bytes:
    parts = [
        encode_value_directed(conditions[name], int(direction))
        for name, direction in list(key.items())[:fixed]
    ]
    return b"".join(part + COMPOUND_SEP for part in parts)


def _built(
    name: str,
    key: Mapping[str, Any],
    fixed: int,
    prefix: bytes,
    low: bytes | None,
    high: bytes | None,
    *,
    is_backward: bool = False,
) -> Walk:
    first, direction = list(key.items())[fixed]
    return Walk(
        index=name,
        key=dict(key),
        prefix=_stored(prefix, name),
        field=first,
        is_inverted=direction == -1,
        is_backward=is_backward,
        equalities=fixed,
        low=None if low is None else _stored(low, name),
        high=None if high is None else _stored(high, name),
    )


def _stored(key: bytes, index: str) -> bytes:
    """Return a key as the table has it; only that of `_id` has it unescaped."""
    return key if index == _ID_INDEX_NAME else _escape_kb(key)


def _bounds(condition: Any, direction: int, prefix: bytes) -> tuple[bytes | None, bytes | None]:
    """Return the lowest and the highest key that the condition on the first field allows.

    Both are included, and keys that begin with the highest. The whole filter is applied to each
    document.
    """
    low = high = None
    beginning = beginning_of(condition)
    if beginning is not None:
        low = high = prefix + encode_value_directed(beginning, direction)
    elif condition is not None and is_simple(condition):
        low = high = prefix + encode_value_directed(condition, direction)
    elif is_operators(condition):
        for operator, value in condition.items():
            if not is_simple(value) or operator not in (*LOWER, *UPPER):
                continue
            key = prefix + encode_value_directed(value, direction)
            if (operator in LOWER) == (direction == 1):
                low = key if low is None else max(low, key)
            else:
                high = key if high is None else min(high, key)
    return low, high


def _has_arrays(
    storage: Storage,
    db: str,
    coll: str,
    walk: Walk,
    options: Mapping[str, Any],
    sort: Mapping[str, int],
) -> bool:
    """Say whether a field of the order may be an array in a document of the walk.

    Such a document has several entries, so that the entries' order is not that of the documents.
    One of its entries has the whole array as its key.
    """
    others = [name for name in sort if name not in (walk.field, "_id")]
    if not options.get("multikey") or not {*sort} - {"_id"}:
        return False
    if others:
        return True
    rank = RANK_ARRAY if not walk.is_inverted else 0xFF - RANK_ARRAY
    return exists(storage, (db, coll, walk.index), walk.prefix + bytes([rank]))


def _leaves_out(
    storage: Storage, db: str, coll: str, walk: Walk, conditions: Mapping[str, Any]
) -> bool:
    """Say whether the lower bound may exclude a match.

    In a descending index the key of `ab` is before the key of `abc`, although it belongs after it.
    """
    if not walk.is_inverted or walk.low is None:
        return False
    condition = conditions[walk.field]
    if not is_operators(condition):
        return False
    texts = [value for name, value in condition.items() if name in UPPER]
    beginnings = [
        encode_value_directed(text[:length], -1)
        for text in texts
        if isinstance(text, str)
        for length in range(len(text))
    ]
    head = (db, coll, walk.index)
    # NUL begins both the next column and the end of a key.
    return any(exists(storage, head, walk.prefix + _escape_kb(key) + b"\0") for key in beginnings)
