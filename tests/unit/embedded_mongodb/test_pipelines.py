"""A pipeline that begins with a query reads only the documents of the query."""

from types import SimpleNamespace
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from tidings_local.embedded_mongodb import explaining, reading

Client = MongoClient[dict[str, Any]]
DOCUMENTS = 500
Pipeline = list[dict[str, Any]]
NUMBER: dict[str, Any] = {"$group": {"_id": 1, "n": {"$sum": 1}}}


@pytest.fixture
def orders(client: Client) -> Any:
    found = client.shop.orders
    found.create_index([("user", 1), ("_id", -1)])
    found.insert_many({"_id": n, "user": f"user-{n % 2}"} for n in range(DOCUMENTS))
    return found


@pytest.fixture
def read(orders: Any, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Count the documents that the server reads, in all its threads."""
    found = SimpleNamespace(documents=0)
    monkeypatch.setattr(reading, "examined", found)
    monkeypatch.setattr(explaining, "examined", found)
    return found


def newest(user: str, number: int) -> Pipeline:
    return [{"$match": {"user": user}}, {"$sort": {"_id": -1}}, {"$limit": number}]


def united(orders: Any, *pipelines: Pipeline) -> list[Any]:
    others = [{"$unionWith": {"coll": orders.name, "pipeline": each}} for each in pipelines[1:]]
    return list(orders.aggregate([*pipelines[0], *others]))


def test_united_pages_read_the_documents_of_the_pages(orders: Any, read: SimpleNamespace) -> None:
    found = united(orders, newest("user-1", 3), newest("user-0", 2), newest("nobody", 9))
    assert [each["_id"] for each in found] == [499, 497, 495, 498, 496]
    assert read.documents <= 3 + 2 + 2


def test_limited_counts_read_no_documents(orders: Any, read: SimpleNamespace) -> None:
    counts: list[Pipeline] = [
        [{"$match": {"user": user}}, {"$limit": 90}, NUMBER, {"$set": {"_id": user}}]
        for user in ("user-1", "nobody", "user-0")
    ]
    found = united(orders, *counts)
    assert found == [{"_id": "user-1", "n": 90}, {"_id": "user-0", "n": 90}]
    assert read.documents == 0


def test_other_pipelines_are_left_to_secantusdb(orders: Any, read: SimpleNamespace) -> None:
    matched: Pipeline = [{"$match": {"user": "user-1"}}, {"$match": {"_id": {"$lt": 4}}}]
    assert {each["_id"] for each in united(orders, matched, newest("user-0", 1))} == {1, 3, 498}
    assert read.documents >= DOCUMENTS / 2


@pytest.mark.parametrize(
    "stages", [[{"$limit": 0}], [{"$limit": -1}], [{"$sort": {}}, {"$limit": 5}]], ids=str
)
def test_stages_that_a_mongodb_refuses_are_refused(orders: Any, stages: Pipeline) -> None:
    """A limit of 0 would return the whole collection here, and fail on AWS."""
    pipeline: Pipeline = [{"$match": {}}, *stages]
    for refused in (pipeline, [{"$limit": 1}, *_united(orders, pipeline)]):
        with pytest.raises(OperationFailure):
            list(orders.aggregate(refused))


def _united(orders: Any, pipeline: Pipeline) -> Pipeline:
    return [{"$unionWith": {"coll": orders.name, "pipeline": pipeline}}]
