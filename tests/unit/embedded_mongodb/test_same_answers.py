"""The embedded MongoDB answers random queries on random data like SecantusDB without our changes.

SecantusDB has no indexes here, because it finds too few documents with some of them.
"""

import random
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from bson import Decimal128, Int64, ObjectId
from pymongo import MongoClient, UpdateOne
from pymongo.errors import OperationFailure

from tests.ports import reserved_port
from tests.waiting import eventually
from tidings_local import embedded_mongodb

DOCUMENTS: Final = 150
QUERIES: Final = 60
PROGRAM: Final = str(Path(embedded_mongodb.__file__).with_name("__main__.py"))
ORIGINAL: Final = "from secantus.cli import main; main()"
BEGIN: Final = datetime(2026, 1, 1)  # noqa: DTZ001

INDEXES: Final[list[tuple[list[tuple[str, int]], dict[str, Any]]]] = [
    ([("user", 1), ("_id", -1)], {}),
    ([("user", 1), ("at", -1)], {}),
    ([("state", 1), ("price", 1)], {}),
    ([("state", 1), ("tags", 1), ("_id", -1)], {}),
    ([("state", 1), ("tags", 1), ("title", 1)], {}),
    ([("title", -1), ("_id", -1)], {}),
    ([("at", -1), ("_id", -1)], {}),
    ([("price", 1)], {"sparse": True}),
    ([("mixed", 1), ("_id", -1)], {}),
    ([("parts.sku", 1), ("_id", 1)], {}),
    (
        [("state", 1), ("_id", -1)],
        {"partialFilterExpression": {"stock": 0}, "name": "sold_out"},
    ),
]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any]]:
    """Return the same empty collection of both programs."""
    running, clients = [], []
    try:
        for name, program in (("ours", [PROGRAM]), ("theirs", ["-c", ORIGINAL])):
            folder = tmp_path_factory.mktemp(name)
            (folder / "empty.toml").touch()
            with reserved_port() as port:
                address = ["--port", str(port), "--storage-path", str(folder / "data")]
            config = ["--config", str(folder / "empty.toml"), "--host", "127.0.0.1"]
            running.append(
                subprocess.Popen([sys.executable, *program, *config, *address], cwd=folder)
            )
            clients.append(MongoClient[dict[str, Any]](f"mongodb://127.0.0.1:{port}/"))
        for client in clients:
            eventually(lambda: client.admin.command("ping"), seconds=60)  # noqa: B023
        yield clients[0].shop.things, clients[1].shop.things
    finally:
        for client in clients:
            client.close()
        for process in running:
            process.kill()
            process.wait()


class Shelf:
    """Makes random documents and queries."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def some(self, *values: Any) -> Any:
        return self.random.choice(values)

    def text(self) -> str:
        """Return one of few texts, of which some begin with another."""
        return "".join(self.random.choices("ab\0é", k=self.random.randrange(2)))

    def at(self) -> datetime:
        return BEGIN + timedelta(seconds=self.random.randrange(40))

    def number(self) -> Any:
        return self.some(1, 2, 2.0, 2.5, -3, Int64(7), Decimal128("2.50"), 1e120, -1e120, 10**15)

    def value(self) -> Any:
        return self.some(
            None, True, self.number(), self.text(), self.at(), [], [1, 5], ["b", None], {"a": 1},
            [[2]], ObjectId(b"123456789012"),
        )  # fmt: skip

    def document(self, number: int) -> dict[str, Any]:
        made = {
            "_id": f"{number:04}" if number % 5 else f"{number}{self.text()}",
            "user": self.some("anna", "ben", None),
            "state": self.some("active", "draft"),
            "at": self.at(),
            "price": self.number(),
            "title": self.text(),
            "tags": self.random.sample(["x", "y", "z"], k=self.random.randrange(3)),
            "stock": self.some(0, 1),
            "mixed": self.value(),
            "parts": [{"sku": self.text()} for _ in range(self.random.randrange(3))],
        }
        for name in self.random.sample(sorted(made), k=2):
            if name != "_id":
                del made[name]
        return made

    def condition(self) -> dict[str, Any]:
        """Return a condition on one field."""
        place = f"{self.random.randrange(DOCUMENTS):04}"
        found: dict[str, Any] = self.some(
            {"user": self.some("anna", "ben", None)},
            {"state": self.some("active", "draft")},
            {"state": {"$in": ["active", "lost"]}},
            {"at": {self.some("$gt", "$gte", "$lt", "$lte"): self.at()}},
            {"at": {"$gt": BEGIN + timedelta(seconds=9), "$lte": self.at()}},
            {"price": self.number()},
            {"price": {self.some("$gt", "$gte", "$lt", "$lte"): self.number()}},
            {"title": {self.some("$gt", "$gte", "$lt", "$lte", "$eq"): self.text()}},
            {"title": {"$regex": self.some("a", "^a", "^a\\.", "^é", "^(a|b)")}},
            {"user": {"$in": ["anna", self.some(None, "ben", "eve")]}},
            {"tags": {"$regex": "^x"}},
            {"mixed": {"$gt": 2, "$lt": 4}},
            {"tags": {"$gte": "x", "$lt": "y"}},
            {"tags": self.some("x", "y", [], ["x", "y"])},
            {"tags": {self.some("$ne", "$gt"): "x"}},
            {"stock": 0},
            {"mixed": self.value()},
            {"mixed": {self.some("$gt", "$lte"): self.some(2, "a", None, BEGIN)}},
            {"parts.sku": self.some(self.text(), None)},
            {"_id": {self.some("$gt", "$gte", "$lt", "$lte"): place}},
            {"$and": [{"_id": {"$gt": "0010", "$lte": place}}, {"_id": {"$lt": "0150"}}]},
            {"$and": [{"title": {"$gte": self.text()}}, {"title": {"$lt": self.text()}}]},
            {"_id": self.some(place, {"$in": [place, "0001"]})},
            {"missing": self.some(None, {"$ne": 3}, {"$exists": False})},
        )
        return found

    def filter(self, deep: int = 2) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for _ in range(self.random.randrange(2)):
            found |= self.condition()
        if deep and self.random.random() < 0.4:
            parts = [self.filter(deep - 1) for _ in range(self.some(1, 2, 3))]
            found[self.some("$or", "$or", "$and", "$nor")] = parts
        return found

    def change(self) -> dict[str, Any]:
        """Return an update of a few fields."""
        found: dict[str, Any] = self.some(
            {"$set": {"title": self.text()}},
            {"$set": {"at": self.at(), "user": self.some("anna", "eve")}},
            {"$set": {"tags": self.some(["x"], [], "x"), "mixed": self.value()}},
            {"$set": {"parts": [{"sku": self.text()}], "stock": self.some(0, 1)}},
            {"$set": {"parts.0.sku": self.text()}},
            {"$set": {"price": self.some(1, 1.0, Int64(1), Decimal128("1"), 0.0, -0.0)}},
            {"$unset": {self.some("price", "mixed", "user", "parts"): 1}},
            {"$rename": {"title": "mixed"}},
            {"$inc": {"stock": self.some(1, -1)}},
            {"$min": {"at": self.at()}, "$set": {"seen": 1}},
            {"$push": {"parts": {"sku": self.text()}}},
            {"$pull": {"parts": {"sku": self.text()}}},
            [{"$set": {"title": "$user", "stock": {"$ifNull": ["$stock", 0]}}}],
        )
        return found

    def sort(self) -> list[tuple[str, int]]:
        names = ["at", "title", "price", "mixed", "user", "state", "tags", "parts.sku"]
        fields = self.random.sample(names, k=self.some(0, 1, 1, 2))
        return [(name, self.some(1, -1)) for name in fields] + [("_id", self.some(1, -1))]


@pytest.mark.parametrize("seed", range(2))
def test_same_answers(servers: tuple[Any, Any], seed: int) -> None:
    shelf = Shelf(seed)
    documents = [shelf.document(number) for number in range(DOCUMENTS)]
    for things in servers:
        things.drop()
        things.insert_many(documents[:50])
    ours, theirs = servers
    for key, options in INDEXES:
        ours.create_index(key, **options)
    for things in servers:
        things.insert_many(documents[50:])
    for number in range(QUERIES):
        if number % 10 == 0:
            _change_both(shelf, servers)
        filter = shelf.filter()
        _compare_reads(shelf, ours, theirs, filter)


def _compare_reads(shelf: Shelf, ours: Any, theirs: Any, filter: Mapping[str, Any]) -> None:
    order, skip, limit = shelf.sort(), shelf.some(0, 0, 3), shelf.some(1, 5, 50)
    asked = f"{filter} {order} {skip} {limit}"
    fields = shelf.some(None, {"title": 1}, {"mixed": 0})
    answers = [
        list(each.find(filter, fields).sort(order).skip(skip).limit(limit))
        for each in (ours, theirs)
    ]
    assert answers[0] == answers[1], asked
    matching = [each["_id"] for each in theirs.find(filter)]
    assert sorted(each["_id"] for each in ours.find(filter)) == sorted(matching), asked
    some = [each["_id"] for each in ours.find(filter).limit(limit)]
    assert len(set(some)) == len(some) == min(limit, len(matching)), asked
    assert set(some) <= set(matching), asked
    assert ours.count_documents(filter) == len(matching), asked
    up_to = {"skip": skip, "limit": limit}
    assert ours.count_documents(filter, **up_to) == theirs.count_documents(filter, **up_to), asked
    assert _counted(ours, filter) == _counted(theirs, filter) == len(matching), asked
    first = [{"$match": filter}, {"$sort": dict(order)}, {"$limit": limit}, {"$set": {"new": 1}}]
    number = [{"$match": filter}, {"$limit": limit}, {"$group": {"_id": 1, "n": {"$sum": 1}}}]
    union = [{"$unionWith": {"coll": ours.name, "pipeline": part}} for part in (first, number)]
    pipeline = [*first, *union, {"$skip": skip}]
    assert list(ours.aggregate(pipeline)) == list(theirs.aggregate(pipeline)), asked


def _counted(things: Any, filter: Mapping[str, Any]) -> int:
    return int(things.database.command("count", things.name, query=filter)["n"])


def _change_both(shelf: Shelf, servers: tuple[Any, Any]) -> None:
    filter, order, change = shelf.filter(), shelf.sort(), shelf.change()
    how, new = shelf.some("one", "many", "bulk", "replace"), shelf.document(0)
    new.pop("_id")
    is_aborted = shelf.random.random() < 0.3
    done = []
    for things in servers:
        try:
            done.append(_changed(things, how, filter, order, change, new, is_aborted))
        except OperationFailure as error:
            done.append(error.code)
    assert done[0] == done[1], f"{how} {filter} {order} {change}"
    everything = [list(each.find().sort("_id", 1)) for each in servers]
    assert everything[0] == everything[1], f"{how} {filter} {order} {change}"
    gone = shelf.random.randrange(DOCUMENTS)
    assert len({each.delete_many({"_id": f"{gone:04}"}).deleted_count for each in servers}) == 1


def _changed(
    things: Any,
    how: str,
    filter: dict[str, Any],
    order: list[tuple[str, int]],
    change: Any,
    new: dict[str, Any],
    is_aborted: bool,
) -> Any:
    """Change documents, and return the answer. Changes of a transaction may be aborted."""
    if how == "many":
        return things.update_many(filter, change).modified_count
    if how == "replace":
        found = things.find_one_and_replace(filter, new, sort=order)
        return found and found["_id"]
    with things.database.client.start_session() as session:
        session.start_transaction()
        found = things.find_one_and_update(filter, change, sort=order, session=session)
        if how == "bulk":
            ids = [f"{number:04}" for number in range(0, DOCUMENTS, 9)]
            writes = [UpdateOne({"_id": each}, change) for each in ids]
            things.bulk_write(writes, ordered=False, session=session)
        if is_aborted:
            session.abort_transaction()
        else:
            session.commit_transaction()
    return found and found["_id"]
