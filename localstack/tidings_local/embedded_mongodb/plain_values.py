"""Handle the common types of values without asking for all others first.

SecantusDB asks about a dozen types, some of them abstract, for each value that it compares or
stores in an index, and inverts the key of a descending index byte by byte.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache, wraps
from itertools import repeat
from operator import ge, gt, le, lt
from typing import Any, Final

from bson import Binary, Decimal128, Int64, ObjectId, Timestamp
from secantus import query, sortkey, storage

from .conditions import beginning_of

# Of these types, a value equals only values of its own type. A date equals one with a time zone.
PLAIN: Final = frozenset({str, bool, ObjectId, type(None)})
RANKS: Final = {
    type(None): sortkey.RANK_NULL,
    bool: sortkey.RANK_BOOL,
    int: sortkey.RANK_NUMBER,
    float: sortkey.RANK_NUMBER,
    Int64: sortkey.RANK_NUMBER,
    Decimal128: sortkey.RANK_NUMBER,
    str: sortkey.RANK_STRING,
    dict: sortkey.RANK_DOCUMENT,
    list: sortkey.RANK_ARRAY,
    bytes: sortkey.RANK_BINDATA,
    Binary: sortkey.RANK_BINDATA,
    ObjectId: sortkey.RANK_OBJECTID,
    datetime: sortkey.RANK_DATE,
    Timestamp: sortkey.RANK_TIMESTAMP,
}
# Of these types, Python compares values like MongoDB.
WHOLE: Final = frozenset({int, Int64})
COMPARED: Final = {int: WHOLE, Int64: WHOLE, str: frozenset({str})}
COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "$gt": gt,
    "$gte": ge,
    "$lt": lt,
    "$lte": le,
}
INVERTED: Final = bytes(range(255, -1, -1))
_ABSENT: Final = object()


def decide_by_type() -> None:
    """Replace the functions that are called for each value."""
    sortkey._rank = _by_type(sortkey._rank)
    sortkey.invert_bytes = inverted
    query._eq_numeric_aware = _equal_if_plain(query._eq_numeric_aware)
    query._match_clause = _matching_plainly(query._match_clause)
    storage._index_key_variants = _single_if_plain(storage._index_key_variants)


def inverted(key: bytes) -> bytes:
    """Return a key with each bit inverted."""
    return key.translate(INVERTED)


def _by_type(rank: Callable[[Any], int]) -> Callable[[Any], int]:
    @wraps(rank)
    def ranked(value: Any) -> int:
        found = RANKS.get(type(value))
        return rank(value) if found is None else found

    return ranked


def _equal_if_plain(equal: Callable[..., bool]) -> Callable[..., bool]:
    @wraps(equal)
    def is_equal(one: Any, other: Any, collation: Any = None) -> bool:
        kind = type(one)
        if collation is None and kind in PLAIN and type(other) in PLAIN:
            return kind is type(other) and bool(one == other)
        return equal(one, other, collation)

    return is_equal


def _matching_plainly(match: Callable[..., bool]) -> Callable[..., bool]:
    @wraps(match)
    def is_match(doc: Any, field: str, condition: Any, variables: Any, collation: Any) -> bool:
        if collation is None and not field.startswith("$") and "." not in field:
            found = _plain_match(doc.get(field, _ABSENT), condition)
            if found is not None:
                return found
        return match(doc, field, condition, variables, collation)

    return is_match


def _plain_match(value: Any, condition: Any) -> bool | None:
    """Say whether a common value meets a common condition; None leaves it to SecantusDB."""
    kind = type(value)
    if type(condition) in PLAIN:
        if kind in PLAIN:
            return kind is type(condition) and bool(value == condition)
        return condition in value if _is_plain_list(value) else None
    if type(condition) is not dict or not condition:
        return None
    if condition.keys() == {"$in"}:
        among = condition["$in"]
        if not _is_plain_list(among):
            return None
        if kind in PLAIN:
            return value in among
        return not set(among).isdisjoint(value) if _is_plain_list(value) else None
    if condition.keys() == {"$regex"}:
        return _begins(value, condition["$regex"])
    return _is_between(value, condition) if kind in COMPARED else None


def _is_plain_list(value: Any) -> bool:
    return type(value) is list and PLAIN.issuperset(map(type, value))


def _begins(value: Any, pattern: Any) -> bool | None:
    """Say whether a text, or one of a list of texts, begins as a regular expression demands."""
    beginning = _beginning(pattern) if type(pattern) is str else None
    if beginning is None:
        return None
    if type(value) is str:
        return value.startswith(beginning)
    if type(value) is list and {str}.issuperset(map(type, value)):
        return any(map(str.startswith, value, repeat(beginning)))
    return None


@lru_cache(maxsize=256)
def _beginning(pattern: str) -> str | None:
    return beginning_of({"$regex": pattern})


def _is_between(value: Any, condition: Mapping[str, Any]) -> bool | None:
    among = COMPARED[type(value)]
    for operator, bound in condition.items():
        if operator not in COMPARISONS or type(bound) not in among:
            return None
    return all(COMPARISONS[operator](value, bound) for operator, bound in condition.items())


def _single_if_plain(keys: Callable[..., list[bytes]]) -> Callable[..., list[bytes]]:
    @wraps(keys)
    def keys_of(doc: Any, fields: Any, *, sparse: bool, collation: Any = None) -> list[bytes]:
        if sparse or collation is not None:
            return keys(doc, fields, sparse=sparse, collation=collation)
        parts = []
        for field, direction in fields.items():
            value = _value_of(doc, field)
            if type(value) not in PLAIN and type(value) is not datetime:
                return keys(doc, fields, sparse=sparse)
            parts.append(sortkey.encode_value_directed(value, int(direction)))
        return [sortkey.COMPOUND_SEP.join(parts)]

    return keys_of


def _value_of(doc: Any, field: str) -> Any:
    """Return the value of a field, None if there is none, or a list on the way to it."""
    for name in field.split("."):
        if type(doc) is not dict:
            return doc if isinstance(doc, Mapping | list) else None
        doc = doc.get(name)
    return doc
