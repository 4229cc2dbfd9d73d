"""After any updates, an index has the entries of the stored documents and no others."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bson
import pytest
from secantus.query import matches
from secantus.storage import (
    _IDX_ENTRIES_TABLE,
    _UNIQ_TABLE,
    IndexConflict,
    Storage,
    _escape_kb,
    _index_key_variants,
    _pack_entry,
)
from secantus.update import UpdateError

from tests.unit.embedded_mongodb.test_same_answers import INDEXES, Shelf

PLACE = ("shop", "things")
UNIQUE: list[tuple[list[tuple[str, int]], dict[str, Any]]] = [
    ([("number", 1)], {"unique": True}),
    ([("stock", 1), ("number", -1)], {"unique": True, "partialFilterExpression": {"stock": 0}}),
]


@pytest.fixture
def storage(mended: None, tmp_path: Path) -> Iterator[Storage]:
    found = Storage(str(tmp_path))
    for key, options in INDEXES + UNIQUE:
        name = options.get("name") or "_".join(f"{field}_{order}" for field, order in key)
        found.create_index(*PLACE, name, dict(key), options)
    yield found
    found.close()


@pytest.mark.parametrize("seed", range(3))
def test_entries_are_those_of_the_documents(storage: Storage, seed: int) -> None:
    shelf = Shelf(seed)
    documents = [{**shelf.document(n), "number": n} for n in range(60)]
    assert storage.insert(*PLACE, documents) == (60, [])
    assert _entries(storage) == _expected(storage)
    refused = 0
    for _ in range(60):
        change: Any = shelf.change()
        if shelf.random.random() < 0.3:
            change = {"$set": {"number": shelf.random.randrange(90)}}
        elif shelf.random.random() < 0.1:
            change = {**shelf.document(0), "number": shelf.random.randrange(90)}
            change.pop("_id")
        several = shelf.random.random() < 0.3 and "user" not in change
        try:
            storage.update_matching(
                *PLACE, shelf.filter(), change, multi=several, upsert=not several
            )
        except (IndexConflict, UpdateError):
            refused += 1
        assert _entries(storage) == _expected(storage), change
    assert 0 < refused < 40


def test_unchanged_entries_are_not_written(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.insert(*PLACE, [{"_id": 1, "number": 1, "user": "anna", "title": "a", "tags": ["x"]}])
    used: list[str] = []
    cursor = Storage._cursor

    def noted(self: Storage, table: str, **options: Any) -> Any:
        used.append(table)
        return cursor(self, table, **options)

    monkeypatch.setattr(Storage, "_cursor", noted)
    storage.update_matching(*PLACE, {"_id": 1}, {"$set": {"seen": True, "title": "a"}})
    assert not {_UNIQ_TABLE, _IDX_ENTRIES_TABLE} & {*used}
    storage.update_matching(*PLACE, {"_id": 1}, {"$set": {"title": "b"}})
    assert _UNIQ_TABLE not in used
    assert used.count(_IDX_ENTRIES_TABLE) == 2  # the indexes of titles


def test_capped_collection_keeps_no_entries_of_old_documents(storage: Storage) -> None:
    storage.create_collection("shop", "log", {"capped": True, "size": 300, "max": 5})
    storage.create_index("shop", "log", "n_1", {"n": 1})
    for number in range(8):
        storage.insert("shop", "log", [{"_id": number, "n": number, "text": ""}])
    storage.update_matching("shop", "log", {"n": 7}, {"$set": {"n": 9, "text": "long" * 60}})
    assert [each["_id"] for each in storage.find_matching("shop", "log")] == [7]
    assert _entries(storage, ("shop", "log")) == _expected(storage, ("shop", "log"))


def _expected(
    storage: Storage, place: tuple[str, str] = PLACE
) -> tuple[set[tuple[str, bytes]], dict[tuple[str, bytes], int]]:
    entries, claims = set(), {}
    for name, key, options in storage._iter_indexes(*place):
        for row, _, blob in list(storage._scan_docs(*place)):
            doc = bson.decode(blob)
            filter = options.get("partialFilterExpression")
            if filter and not matches(doc, filter):
                continue
            for each in _index_key_variants(doc, key, sparse=bool(options.get("sparse"))):
                entries.add((name, _pack_entry(each, row)))
                if options.get("unique"):
                    claims[name, _escape_kb(each)] = row
    return entries, claims


def _entries(
    storage: Storage, place: tuple[str, str] = PLACE
) -> tuple[set[tuple[str, bytes]], dict[tuple[str, bytes], int]]:
    storage._refresh_read_snapshot()
    entries, claims = set(), {}
    for (*of, name, packed), _ in _rows(storage, _IDX_ENTRIES_TABLE):
        if tuple(of) == place:
            entries.add((name, packed))
    for (*of, name, packed), row in _rows(storage, _UNIQ_TABLE):
        if tuple(of) == place:
            claims[name, packed] = row
    return entries, claims


def _rows(storage: Storage, table: str) -> Iterator[tuple[Any, Any]]:
    cursor = storage._cursor(table)
    while cursor.next() == 0:
        yield cursor.get_key(), cursor.get_value()
