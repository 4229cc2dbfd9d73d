"""Kill -9 in the middle of 200 orders: nothing accepted is lost, nobody is told twice."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import httpx
import pytest
from pymongo import MongoClient

from tests.e2e.shop import Shop
from tests.faults.stack import down, kill, repair
from tests.settings import stack_under_test
from tests.waiting import eventually

ORDERS = 200
PIECES = 150
KILL_AFTER = 60
# The relay of the outbox runs every minute.
SETTLED_SECONDS = 100


class Customers:
    """Place orders from several sides at once and keep what was accepted."""

    def __init__(self, customer: Shop, product_id: str) -> None:
        self._customer, self._product_id = customer, product_id
        self.accepted: list[str] = []
        self.refused: list[str] = []
        self.halfway = Event()

    def place_all(self) -> None:
        with ThreadPoolExecutor(4) as together:
            list(together.map(self._place, range(ORDERS)))

    def _place(self, number: int) -> None:
        try:
            self.accepted.append(self._customer.place_order(self._product_id))
        except (httpx.HTTPError, AssertionError, ValueError) as error:
            self.refused.append(repr(error)[:200])
        if number >= KILL_AFTER:
            self.halfway.set()


@pytest.mark.parametrize("service", ["bridge", "rabbitmq", "mongodb", "localstack"])
def test_killed_in_the_middle_of_200_orders(service: str, shop: Shop, admin: Shop) -> None:
    customer = shop.register()
    product_id = admin.create_product(stock=PIECES)
    customers = Customers(customer, product_id)

    with ThreadPoolExecutor(1) as beside:
        placing = beside.submit(customers.place_all)
        assert customers.halfway.wait(60)
        kill(service)
        placing.result(timeout=120)
    repair()

    assert len(customers.accepted) >= KILL_AFTER / 2, customers.refused[-3:]
    settled = eventually(
        lambda: _all_settled(customer), seconds=SETTLED_SECONDS, what=f"orders after {service}"
    )
    assert set(customers.accepted) <= settled.keys()
    confirmed = [order for order, state in settled.items() if state == "confirmed"]
    assert len(confirmed) == min(PIECES, len(settled))
    told = eventually(lambda: _all_told(customer, set(settled)), seconds=SETTLED_SECONDS)
    assert told == {order: [f"order.{state}"] for order, state in settled.items()}
    assert _reserved(settled) == set(confirmed)
    assert customer.stock_of(product_id) == PIECES - len(confirmed)


def _all_settled(customer: Shop) -> dict[str, str]:
    """Return the state of each of the customer's orders, or nothing while one is in between."""
    with MongoClient[dict[str, str]](stack_under_test().mongodb_uri) as client:
        orders = client["tidings_orders"]["orders"].find({"customer_id": customer.user_id})
        states = {order["_id"]: order["state"] for order in orders}
    return {} if "placed" in states.values() else states


def _all_told(customer: Shop, orders: set[str]) -> dict[str, list[str]]:
    """Return the kinds of notifications per order, or nothing while one has none."""
    told: dict[str, list[str]] = {}
    with MongoClient[dict[str, str]](stack_under_test().mongodb_uri) as client:
        inbox = client["tidings_notifications"]["notifications"]
        about_orders = {"user_id": customer.user_id, "kind": {"$regex": "^order"}}
        for notification in inbox.find(about_orders):
            told.setdefault(notification["subject_id"], []).append(notification["kind"])
    return told if told.keys() >= orders else {}


def _reserved(orders: dict[str, str]) -> set[str]:
    """Return those of the orders for which stock is set aside."""
    with MongoClient[dict[str, str]](stack_under_test().mongodb_uri) as client:
        found = client["tidings_products"]["reservations"].find(
            {"state": "reserved", "_id": {"$in": list(orders)}}
        )
        return {reservation["_id"] for reservation in found}


def test_the_data_is_still_there_after_down_and_up(shop: Shop, admin: Shop) -> None:
    customer = shop.register()
    order_id = customer.place_order(admin.create_product(stock=1))
    eventually(lambda: customer.inbox(), seconds=5)

    down()
    repair()

    assert customer.order_state(order_id) == "CONFIRMED"
    assert [each["subjectId"] for each in customer.inbox()] == [order_id]
    another = customer.place_order(admin.create_product(stock=1))
    eventually(lambda: another in [each["subjectId"] for each in customer.inbox()], seconds=10)
