"""Remembered lists of indexes are those of the storage, whatever changes beside them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import DuplicateKeyError
from secantus.storage import Storage

Client = MongoClient[dict[str, Any]]


@pytest.fixture
def lists_read(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Return a function that tells how often a list was read from the storage."""
    count = 0
    read = Storage._iter_indexes

    def counted(self: Storage, db: str, coll: str) -> Any:
        nonlocal count
        count += coll == "things"
        return read(self, db, coll)

    monkeypatch.setattr(Storage, "_iter_indexes", counted)
    return lambda: count


def test_list_is_read_once(lists_read: Callable[[], int], client: Client) -> None:
    things = client.shop.things
    things.create_index("a")
    things.insert_one({"a": 1})
    before = lists_read()
    for number in range(10):
        things.insert_one({"a": number})
        things.find_one({"a": number})
        things.update_one({"a": number}, {"$set": {"b": 1}})
        with client.start_session() as session, session.start_transaction():
            things.find_one_and_update({"a": number}, {"$set": {"b": 2}}, session=session)
    assert lists_read() == before


def test_transaction_sees_the_indexes_of_its_snapshot(client: Client) -> None:
    things = client.shop.things
    things.create_index("b")
    things.insert_one({"_id": 1, "a": 1})
    with client.start_session() as session:
        session.start_transaction()
        assert things.count_documents({"a": 1}, session=session) == 1
        things.create_index("a", unique=True)
        things.insert_one({"_id": 2, "a": 2})
        things.drop_index("b_1")
        assert things.count_documents({"a": {"$gt": 0}}, session=session) == 1
        session.commit_transaction()
        with session.start_transaction():
            things.insert_one({"_id": 3, "a": 3}, session=session)
        session.start_transaction()
        with pytest.raises(DuplicateKeyError):
            things.insert_one({"_id": 4, "a": 3}, session=session)
    assert [each["_id"] for each in things.find({"a": {"$gt": 1}}).hint("a_1")] == [2, 3]


def test_new_index_is_known_at_once(client: Client) -> None:
    things = client.shop.things
    things.insert_many([{"a": n, "b": n} for n in range(3)])
    for name in ("a", "b"):
        things.create_index(name, unique=True)
        with pytest.raises(DuplicateKeyError):
            things.insert_one({name: 1, "other": True})
        things.drop_index(f"{name}_1")
        things.insert_one({name: 1})
    assert things.count_documents({"a": 1}) == 2
    client.shop.drop_collection("things")
    things.insert_one({"a": 1})
    assert things.index_information().keys() == {"_id_"}


def test_first_array_is_known_at_once(client: Client) -> None:
    things = client.shop.things
    things.create_index([("state", 1), ("tags", 1)])
    things.insert_one({"_id": 1, "state": "on", "tags": "b"})
    things.insert_one({"_id": 2, "state": "on", "tags": ["a", "c"]})
    found = things.find({"state": "on"}).sort([("tags", -1)]).limit(1)
    assert [each["_id"] for each in found] == [2]
    assert things.count_documents({"tags": {"$gt": "b"}, "state": "on"}) == 1


def test_array_of_an_aborted_transaction(client: Client) -> None:
    things = client.shop.things
    things.create_index("tags")
    things.insert_one({"_id": 1, "tags": "b"})
    with client.start_session() as session:
        session.start_transaction()
        things.insert_one({"_id": 2, "tags": ["a", "c"]}, session=session)
        assert things.count_documents({"tags": "c"}, session=session) == 1
        session.abort_transaction()
    things.insert_one({"_id": 3, "tags": ["x", "y"]})
    assert [each["_id"] for each in things.find({"tags": "y"})] == [3]
    assert client.shop.command("explain", {"find": "things", "filter": {"tags": "y"}})[
        "queryPlanner"
    ]["winningPlan"]["inputStage"]["isMultiKey"]


def test_index_built_during_writes_has_all_documents(client: Client) -> None:
    things = client.shop.things
    # SecantusDB hangs if two connections create a collection at once.
    things.insert_one({"_id": "first"})
    names = [f"field{number}" for number in range(6)]

    def write(thread: int) -> None:
        for number in range(100):
            values = dict.fromkeys(names, f"{thread}")
            things.insert_one({"_id": f"{thread}-{number}", "tags": [number, "x"], **values})
            things.update_one({"_id": f"{thread}-{number // 2}"}, {"$set": {"seen": number}})

    with ThreadPoolExecutor(5) as pool:
        writing = [pool.submit(write, thread) for thread in range(4)]
        for name in names:
            things.create_index([(name, 1), ("tags", 1)])
        for each in writing:
            each.result()
    for name in names:
        for thread in range(4):
            by_index = things.find({name: f"{thread}"}).hint([(name, 1), ("tags", 1)])
            assert len(list(by_index)) == 100
            assert things.count_documents({name: f"{thread}", "tags": 7}) == 1
