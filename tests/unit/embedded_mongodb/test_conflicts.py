"""Writes of many documents and transactions on the same documents all end, with each change."""

import time
from collections.abc import Callable, Iterator
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.collection import Collection
from secantus import transactions

from tidings_local.embedded_mongodb import conflicts

Products = Collection[dict[str, Any]]
ENDS_SECONDS = 60
ADD = {"$inc": {"stock": 1}}
FIRST_TWO = {"_id": {"$in": [1, 2]}}
MANY: dict[str, Callable[[Products], object]] = {
    "update": lambda products: products.update_many(FIRST_TWO, {"$inc": {"cleared": 1}}),
    "delete": lambda products: products.delete_many(FIRST_TWO),
}
LEFT = {"update": [(1, 1, 1), (2, 0, 1)], "delete": []}


@pytest.fixture
def impatient(client: MongoClient[dict[str, Any]]) -> Iterator[MongoClient[dict[str, Any]]]:
    """Return a client whose calls fail, instead of blocking the tests, if they never end."""
    host, port = client.address or ("", 0)
    with MongoClient[dict[str, Any]](
        host, port, socketTimeoutMS=ENDS_SECONDS * 1000, retryWrites=False
    ) as found:
        yield found


@pytest.fixture
def products(impatient: MongoClient[dict[str, Any]]) -> Products:
    found: Products = impatient.shop.products
    found.insert_many([{"_id": number, "stock": 0, "cleared": 0} for number in (1, 2, 3)])
    impatient.shop.others.insert_one({"_id": 1, "count": 0})
    return found


@pytest.fixture
def conflicted(monkeypatch: pytest.MonkeyPatch) -> Event:
    """Return an event that is set when a write of many documents waits for a transaction."""
    found = Event()

    def sleep(seconds: float) -> None:
        found.set()
        time.sleep(seconds)

    monkeypatch.setattr(conflicts, "time", SimpleNamespace(sleep=sleep))
    return found


def started(work: Callable[[], object]) -> Thread:
    thread = Thread(target=work, daemon=True)
    thread.start()
    return thread


def rows(products: Products) -> list[tuple[int, int, int]]:
    found = products.find(FIRST_TWO).sort("_id")
    return [(each["_id"], each["stock"], each["cleared"]) for each in found]


@pytest.mark.parametrize("many", MANY)
def test_transaction_may_write_again_while_many_documents_wait_for_it(
    impatient: MongoClient[dict[str, Any]], products: Products, conflicted: Event, many: str
) -> None:
    with impatient.start_session() as session, session.start_transaction():
        products.update_one({"_id": 1}, ADD, session=session)
        clearing = started(lambda: MANY[many](products))
        assert conflicted.wait(ENDS_SECONDS)
        products.update_one({"_id": 3}, ADD, session=session)
    clearing.join(ENDS_SECONDS)
    assert rows(products) == LEFT[many]
    assert products.find_one({"_id": 3}) == {"_id": 3, "stock": 1, "cleared": 0}


@pytest.mark.parametrize("many", MANY)
def test_other_transactions_and_writes_do_not_wait_either(
    impatient: MongoClient[dict[str, Any]], products: Products, conflicted: Event, many: str
) -> None:
    others = impatient.shop.others
    with impatient.start_session() as first, impatient.start_session() as second:
        first.start_transaction()
        second.start_transaction()
        products.update_one({"_id": 1}, ADD, session=first)
        clearing = started(lambda: MANY[many](products))
        assert conflicted.wait(ENDS_SECONDS)
        products.update_one({"_id": 3}, ADD, session=second)
        with impatient.start_session() as third, third.start_transaction():
            others.update_one({"_id": 1}, {"$inc": {"count": 1}}, session=third)
        second.commit_transaction()
        first.commit_transaction()
    clearing.join(ENDS_SECONDS)
    assert rows(products) == LEFT[many]
    assert others.find_one() == {"_id": 1, "count": 1}


@pytest.fixture
def registry() -> Any:
    """Return transactions that expire at 60 on a clock that the test sets."""
    clock = SimpleNamespace(now=0.0)
    found = transactions.TransactionRegistry(lifetime_seconds=60, time_func=lambda: clock.now)
    return SimpleNamespace(found=found, clock=clock)


def test_transaction_that_runs_a_statement_does_not_expire_and_blocks_no_other(
    mended: None, registry: Any
) -> None:
    busy, _ = registry.found.for_statement(b"busy", None, 1, start=True)
    idle, _ = registry.found.for_statement(b"idle", None, 1, start=True)
    registry.clock.now = 61.0
    with busy.mutex:
        ended = started(lambda: registry.found.for_statement(b"new", None, 1, start=True))
        ended.join(ENDS_SECONDS)
        assert not ended.is_alive()
    assert (busy.state.name, idle.state.name) == ("IN_PROGRESS", "ABORTED")
    registry.found.prune_expired()
    assert busy.state.name == "ABORTED"
