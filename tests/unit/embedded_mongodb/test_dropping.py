"""Dropped collections leave no rows, other ones all of theirs, and no key is removed alone."""

from typing import Any, Final

import pytest
from pymongo import MongoClient
from secantus import storage as tables
from secantus.storage import Storage

Client = MongoClient[dict[str, Any]]

# In the order of their keys: names that begin with the dropped one, and names around it.
NAMES: Final = ("thing", "things", "things.more", "things2", "thingsé", "thinh")
TABLES: Final = (
    *tables._DOC_ALL_TABLES,
    *(tables._NAT_TABLE, tables._IDX_TABLE, tables._IDX_ENTRIES_TABLE, tables._UNIQ_TABLE),
)


@pytest.fixture
def client(client: Client) -> Client:
    for database in ("shop", "shop2"):
        for name in NAMES:
            collection = client[database][name]
            collection.create_index([("number", 1), ("_id", -1)])
            collection.create_index("unique", unique=True)
            collection.insert_many([{"_id": n, "number": n % 7, "unique": n} for n in range(30)])
    return client


@pytest.fixture
def rows(client: Client, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Return the keys that are removed one by one, which are added to it later."""
    removed: list[tuple[Any, ...]] = []
    stock = Storage._delete_keys

    def noted(self: Storage, table: str, keys: list[tuple[Any, ...]]) -> None:
        removed.extend((table, *key) for key in keys if table in TABLES)
        stock(self, table, keys)

    monkeypatch.setattr(Storage, "_delete_keys", noted)
    return removed


def is_whole(client: Client, database: str, name: str) -> bool:
    collection = client[database][name]
    found = [each["_id"] for each in collection.find({"number": 3}).sort("_id", -1)]
    return (
        found == [24, 17, 10, 3]
        and collection.count_documents({}) == 30
        and len(collection.index_information()) == 3
        and collection.find_one({"unique": 29}) is not None
    )


def test_other_collections_keep_their_rows(client: Client, rows: list[tuple[Any, ...]]) -> None:
    client.shop.drop_collection("things")
    assert rows == []
    for database in ("shop", "shop2"):
        for name in NAMES:
            assert is_whole(client, database, name) == ((database, name) != ("shop", "things"))
    assert sorted(client.shop.list_collection_names()) == sorted({*NAMES} - {"things"})


def test_new_collection_of_the_name_is_empty(client: Client) -> None:
    client.shop.drop_collection("things")
    things = client.shop.things
    assert things.index_information() == {}
    things.create_index([("number", 1), ("_id", -1)])
    things.insert_one({"_id": 1, "number": 3, "unique": 29})
    assert [each["_id"] for each in things.find({"number": 3})] == [1]
    assert things.count_documents({}) == 1


def test_other_databases_keep_their_rows(client: Client, rows: list[tuple[Any, ...]]) -> None:
    client.drop_database("shop")
    assert rows == []
    assert "shop" not in client.list_database_names()
    assert all(is_whole(client, "shop2", name) for name in NAMES)


def test_absent_and_empty_collections_are_dropped(client: Client) -> None:
    client.shop.drop_collection("absent")
    client.shop.create_collection("empty")
    client.shop.drop_collection("empty")
    client.drop_database("absent")
    assert sorted(client.shop.list_collection_names()) == sorted(NAMES)
