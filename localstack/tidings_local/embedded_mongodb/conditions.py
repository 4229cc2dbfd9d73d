"""The parts of a filter that an index can serve."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any, Final

from bson import ObjectId

Filter = Mapping[str, Any]

LOWER: Final = ("$gt", "$gte")
UPPER: Final = ("$lt", "$lte")
# A longer `$in` is not divided into its values.
MOST_CASES: Final = 40


def plain_conditions(filter: Filter) -> dict[str, Any]:
    """Return conditions on single fields that each match fulfils, also those inside `$and`.

    Of two conditions on one field the first is returned; two ranges become one.
    """
    found = {name: value for name, value in filter.items() if not name.startswith("$")}
    for part in _parts(filter, "$and"):
        found = _both(found, plain_conditions(part))
    return found


def _both(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(first)
    for name, value in second.items():
        found[name] = _narrowed(found[name], value) if name in found else value
    return found


def _narrowed(first: Any, second: Any) -> Any:
    """Return the range of texts that is in both conditions, or the first if one is another."""
    if not _is_range_of_texts(first) or not _is_range_of_texts(second):
        return first
    found = dict(first)
    for operator, text in second.items():
        choose = max if operator in LOWER else min
        found[operator] = choose(found.get(operator, text), text)
    return found


def _is_range_of_texts(condition: Any) -> bool:
    return isinstance(condition, Mapping) and all(
        name in (*LOWER, *UPPER) and isinstance(value, str) for name, value in condition.items()
    )


def alternatives(filter: Filter) -> list[list[Filter]]:
    """Return each `$or` that each match fulfils, also those inside `$and`."""
    found = [_parts(filter, "$or")] if _parts(filter, "$or") else []
    for part in _parts(filter, "$and"):
        found += alternatives(part)
    return found


@dataclass(frozen=True)
class Cases:
    """Conditions of which each match fulfils at least one; they differ in these fields only."""

    conditions: list[dict[str, Any]]
    fields: frozenset[str] | None = None


def cases_of(filter: Filter) -> list[Cases]:
    """Return the cases of each `$or`, of each `$in` with few values, and of all such together."""
    plain = plain_conditions(filter)
    found = [
        Cases([_both(plain, plain_conditions(part)) for part in each])
        for each in alternatives(filter)
    ]
    lists = {name: values for name, values in _lists_in(plain) if len(values) <= MOST_CASES}
    found += [_cases(plain, {name: values}) for name, values in lists.items()]
    if len(lists) > 1 and math.prod(map(len, lists.values())) <= MOST_CASES:
        found.insert(0, _cases(plain, lists))
    return found


def _cases(plain: dict[str, Any], lists: Mapping[str, list[Any]]) -> Cases:
    each = (dict(zip(lists, values, strict=True)) for values in product(*lists.values()))
    return Cases([{**plain, **values} for values in each], frozenset(lists))


def _lists_in(plain: Filter) -> Iterator[tuple[str, list[Any]]]:
    for name, value in plain.items():
        values = value.get("$in") if is_operators(value) else None
        if name == "_id" or not isinstance(values, list) or not values:
            continue
        if all(is_equality(name, each) for each in values):
            yield name, values


def beginning_of(condition: Any) -> str | None:
    """Return the beginning that a regular expression demands, if it demands nothing else."""
    if not isinstance(condition, Mapping) or condition.keys() != {"$regex"}:
        return None
    pattern = condition["$regex"]
    if not isinstance(pattern, str) or not pattern.startswith("^") or len(pattern) < 2:
        return None
    found, letters = [], iter(pattern[1:])
    for letter in letters:
        if letter == "\\":
            letter = next(letters, "a")
            if letter.isalnum():  # a class, or a reference
                return None
        elif letter in ".^$*+?{}[]|()":
            return None
        found.append(letter)
    return "".join(found)


def is_operators(value: Any) -> bool:
    return isinstance(value, Mapping) and any(str(name).startswith("$") for name in value)


def is_equality(field: str, value: Any) -> bool:
    """Say whether a condition is one value that an index stores as one key."""
    return is_simple(value) and not (value is None and "." in field)


def is_simple(value: Any) -> bool:
    """Say whether the order of an index's keys is the order of such values, without exceptions."""
    if isinstance(value, float):
        return math.isfinite(value) and abs(value) < 1e100
    return value is None or type(value) in (str, int, bool, datetime, ObjectId)


def _parts(filter: Filter, operator: str) -> list[Filter]:
    parts = filter.get(operator)
    return [each for each in parts if isinstance(each, Mapping)] if isinstance(parts, list) else []
