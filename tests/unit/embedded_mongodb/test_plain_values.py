"""Values of common types are compared, matched and stored in indexes as all others are."""

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from secantus import query, storage

from tidings_local.embedded_mongodb.plain_values import inverted

VALUES: list[Any] = [
    None, True, False, 0, 1, 1.0, -0.0, float("nan"), Int64(1), Decimal128("1"), "", "a", "1",
    "a\0b", Code("a"), b"a", Binary(b"a", 4), ObjectId(b"123456789012"), Timestamp(1, 1),
    datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC), Regex("a"), MinKey(), MaxKey(),  # noqa: DTZ001
    [], [1], ["a", None], ["b", "a"], ["1"], {}, {"a": 1}, {"a": "b"}, [["a"]], [{"b": "a"}],
]  # fmt: skip
CONDITIONS: list[Any] = [
    *VALUES,
    *({"$in": [one, "a"]} for one in VALUES),
    *({operator: one} for operator in ("$eq", "$ne", "$gt", "$lte") for one in VALUES),
    {"$in": []},
    {"$in": "a"},
    {"$in": ["a", None], "$ne": "a"},
    *({"$regex": each} for each in ("^a", "^a\\.", "^1", "^", "^(a|b)", "^A", "a", "\\w")),
    {"$regex": "^A", "$options": "i"},
    {"$gt": 0, "$lte": 1},
    {"$gte": Int64(1), "$lt": Int64(2)},
    {"$gte": "a", "$lt": "b"},
    {"$gte": "", "$lt": 1},
]
FIELDS: list[dict[str, Any]] = [{"a": 1}, {"a": -1, "b": 1}, {"a.b": -1}, {"b.a": 1, "a": 1}]


def test_same_results_as_before(request: pytest.FixtureRequest) -> None:
    documents: list[dict[str, Any]] = [{}, *({"a": each} for each in VALUES)]
    documents += [{"a": {"b": one}, "b": other} for one, other in product(VALUES, VALUES[::4])]
    before = _results(documents)
    request.getfixturevalue("mended")
    assert _results(documents) == before


def _results(documents: list[dict[str, Any]]) -> list[Any]:
    found: list[Any] = [
        _answer(query.matches, doc, {field: condition})
        for doc in documents
        for condition in CONDITIONS
        for field in ("a", "a.b")
    ]
    found += [_answer(query._eq_numeric_aware, *pair) for pair in product(VALUES, VALUES)]
    for doc, fields, sparse in product(documents, FIELDS, (False, True)):
        found.append(_answer(storage._index_key_variants, doc, fields, sparse=sparse))
    return found


def _answer(function: Any, *args: Any, **options: Any) -> Any:
    try:
        return function(*args, **options)
    except (query.QueryError, TypeError) as error:
        return str(error)


def test_inverted_key() -> None:
    assert inverted(b"\x00a\xff") == bytes(each ^ 0xFF for each in b"\x00a\xff")
