"""The embedded MongoDB tells which index a query used, and how many documents it read."""

from typing import Any

import pytest
from pymongo import MongoClient

Client = MongoClient[dict[str, Any]]
DOCUMENTS = 300


@pytest.fixture
def orders(client: Client) -> Any:
    found = client.shop.orders
    found.create_index([("user", 1), ("_id", -1)])
    found.create_index([("helper", 1), ("_id", -1)])
    found.create_index([("state", 1)])
    found.insert_many(
        {
            "_id": f"{n:04}",
            "user": f"user-{n % 3}",
            "helper": f"helper-{n % 100}",
            "state": "lost" if n == 7 else "open",
            "n": n,
        }
        for n in range(DOCUMENTS)
    )
    return found


def explained(found: Any) -> tuple[str, int]:
    """Return the stages of a plan and the number of documents read."""
    told = found.explain()
    stages, stage = [], told["queryPlanner"]["winningPlan"]
    while stage:
        stages.append(stage["stage"])
        stage = stage.get("inputStage")
    return " ".join(stages), told["executionStats"]["totalDocsExamined"]


def test_page_in_the_order_of_an_index(orders: Any) -> None:
    page = orders.find({"user": "user-1"}).sort("_id", -1).limit(10)
    stages, documents = explained(page)
    assert stages == "LIMIT FETCH IXSCAN"
    assert documents <= 12


def test_page_of_everything(orders: Any) -> None:
    stages, documents = explained(orders.find({}).sort("_id", -1).limit(10))
    assert stages == "LIMIT FETCH IXSCAN"
    assert documents <= 12


def test_page_in_the_order_of_an_index_with_arrays(orders: Any) -> None:
    orders.create_index([("tags", 1), ("n", 1)])
    orders.update_many({"n": {"$gte": 100}}, {"$set": {"tags": ["a", "b"]}})
    stages, documents = explained(orders.find({"tags": "b"}).sort("n", 1).limit(10))
    assert stages == "LIMIT FETCH IXSCAN"
    assert documents <= 12
    orders.update_one({"n": 200}, {"$set": {"tags": "b", "n": [0, 900]}})
    page = orders.find({"tags": "b"}).sort("n", 1).limit(10)
    assert explained(page)[0] == "SORT FETCH IXSCAN"
    assert [each["n"] for each in page][:2] == [[0, 900], 100]


def test_page_of_two_lists_of_values(orders: Any) -> None:
    orders.create_index([("state", 1), ("user", 1), ("_id", -1)])
    wanted = {"state": {"$in": ["open", "lost"]}, "user": {"$in": ["user-0", "user-2", None]}}
    page = orders.find(wanted).sort("_id", -1).limit(10)
    stages, documents = explained(page)
    assert stages == "LIMIT FETCH IXSCAN"
    assert documents <= 20
    assert [each["n"] for each in page][:4] == [299, 297, 296, 294]


def test_page_by_the_better_of_two_plans(orders: Any) -> None:
    """The walk by user meets no match for long; that by part is taken instead."""
    orders.create_index([("part", 1), ("_id", -1)])
    orders.update_many({"n": {"$lt": 30}}, {"$set": {"part": "old"}})
    page = orders.find({"user": "user-1", "part": "old"}).sort("_id", -1).limit(10)
    assert [each["n"] for each in page][:3] == [28, 25, 22]
    assert explained(page)[1] <= 40 + 3 * 12  # by user it would be 100


def test_page_after_a_place(orders: Any) -> None:
    after = {"user": "user-1", "_id": {"$lt": "0100"}}
    found = orders.find(after).sort("_id", -1).limit(10)
    assert explained(found)[1] <= 12
    assert [each["n"] for each in found][:3] == [97, 94, 91]


def test_page_after_a_place_in_a_range(orders: Any) -> None:
    part = {"user": "user-1", "_id": {"$gte": "0050", "$lt": "0280"}}
    for after in (
        {"$and": [part, {"_id": {"$lt": "0100"}}]},
        {"$and": [{"_id": {"$lt": "0100"}}, part]},
    ):
        found = orders.find(after).sort("_id", -1).limit(10)
        assert explained(found)[1] <= 12
        assert [each["n"] for each in found] == list(range(97, 69, -3))
        assert [each["n"] for each in orders.find(after).sort("_id", 1)] == list(range(52, 100, 3))


def test_page_of_two_indexes(orders: Any) -> None:
    mine = {"$or": [{"user": "user-1"}, {"helper": "helper-4"}], "state": "open"}
    found = orders.find(mine).sort("_id", -1).limit(10)
    assert explained(found)[1] <= 24
    ids = [each["n"] for each in found]
    assert ids == sorted((n for n in range(300) if n % 3 == 1 or n % 100 == 4), reverse=True)[:10]


def test_scan(orders: Any) -> None:
    stages, documents = explained(orders.find({"n": 5}))
    assert stages == "COLLSCAN"
    assert documents == DOCUMENTS


def test_order_without_an_index(orders: Any) -> None:
    stages, documents = explained(orders.find({"user": "user-1"}).sort("n", 1).limit(10))
    assert stages == "SORT FETCH IXSCAN"
    assert documents == DOCUMENTS // 3


def test_few_documents_are_looked_up(orders: Any) -> None:
    orders.insert_many([{"_id": f"new-{n:04}", "user": "x", "state": "open"} for n in range(600)])
    documents = explained(orders.find({"state": "lost"}).sort("_id", -1).limit(1))[1]
    assert documents < 300


def test_walk_goes_on_if_it_is_likely_to_end_sooner(client: Client) -> None:
    goods = client.shop.goods
    goods.create_index([("price", 1)])
    goods.insert_many([{"_id": f"{n:04}", "price": n * 7919 % 3000} for n in range(3000)])
    for width, most in ((1500, 60), (300, 400), (30, 200)):
        wanted = {"price": {"$gte": 600, "$lt": 600 + width}}
        found = goods.find(wanted).sort("_id", -1).limit(20)
        assert explained(found)[1] <= most
        ids = [each["_id"] for each in found]
        prices = {f"{n:04}": n * 7919 % 3000 for n in range(3000)}
        cheap = [name for name, price in prices.items() if 600 <= price < 600 + width]
        assert ids == sorted(cheap, reverse=True)[:20]


def test_count_up_to_a_limit(orders: Any) -> None:
    assert orders.count_documents({"user": "user-1"}) == 100
    assert orders.count_documents({"user": "user-1"}, limit=7) == 7
    assert orders.count_documents({"user": "user-1"}, skip=98, limit=7) == 2
    assert orders.count_documents({"user": "nobody"}) == 0
    assert orders.count_documents({}, limit=11) == 11
    assert orders.count_documents({}) == DOCUMENTS
