"""Remembered options of collections are those of the storage, whatever changes beside them."""

from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import CollectionInvalid, WriteError
from secantus.storage import _COLL_TABLE, Storage

Client = MongoClient[dict[str, Any]]


def test_options_are_read_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.shop.things.insert_one({})
    _use(client)
    tables: list[str] = []
    cursor = Storage._cursor

    def noted(self: Storage, table: str, **options: Any) -> Any:
        tables.append(table)
        return cursor(self, table, **options)

    monkeypatch.setattr(Storage, "_cursor", noted)
    for _ in range(10):
        _use(client)
    assert "table:secantus_natural_seq" in tables
    assert _COLL_TABLE not in tables
    assert "table:secantus_profile_settings" not in tables


def _use(client: Client) -> None:
    things = client.shop.things
    things.insert_one({"a": 1})
    things.update_one({"a": 1}, {"$set": {"b": 1}})
    things.find_one({"a": 1})
    with client.start_session() as session, session.start_transaction():
        things.update_one({"a": 1}, {"$set": {"b": 2}}, session=session)


def test_new_validator_is_known_at_once(client: Client) -> None:
    client.shop.create_collection("things")
    for least in (1, 5, 3):
        client.shop.command("collMod", "things", validator={"a": {"$gte": least}})
        client.shop.things.insert_one({"a": least})
        with pytest.raises(WriteError):
            client.shop.things.insert_one({"a": least - 1})
        with pytest.raises(WriteError):
            client.shop.things.update_one({"a": least}, {"$set": {"a": 0}})


def test_dropped_collection_is_new_afterwards(client: Client) -> None:
    for number in range(3):
        client.shop.create_collection("things", capped=True, size=10_000, max=2 + number)
        with pytest.raises(CollectionInvalid):
            client.shop.create_collection("things")
        for n in range(9):
            client.shop.things.insert_one({"n": n})
        assert client.shop.things.count_documents({}) == 2 + number
        client.shop.drop_collection("things")
        assert client.shop.list_collection_names() == []
    client.shop.things.insert_many({"n": n} for n in range(9))
    client.shop.things.rename("others")
    assert client.shop.list_collection_names() == ["others"]
    client.shop.things.insert_one({})
    assert sorted(client.shop.list_collection_names()) == ["others", "things"]
    assert client.shop.others.count_documents({}) == 9


def test_collection_of_an_aborted_transaction_does_not_exist(client: Client) -> None:
    client.shop.things.insert_one({})
    with client.start_session() as session:
        session.start_transaction()
        client.shop.others.insert_one({"_id": 1}, session=session)
        session.abort_transaction()
    assert client.shop.list_collection_names() == ["things"]
    client.shop.others.insert_one({"_id": 1})
    assert client.shop.others.find_one() == {"_id": 1}


def test_profiling_begins_and_ends_at_once(client: Client) -> None:
    client.shop.things.insert_one({})
    for level in (2, 0, 2, 0):
        before = client.shop["system.profile"].count_documents({})
        client.shop.command("profile", level)
        client.shop.things.find_one({"level": level})
        seen = client.shop["system.profile"].count_documents({}) - before
        assert bool(seen) is (level == 2)
