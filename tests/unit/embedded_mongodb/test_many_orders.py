"""With 20,000 stored orders a page reads a page, and a count stops at its limit.

The operators' list was once answered `The service is not available` after 3.8 s.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import mongoengine
import pytest
from pymongo import MongoClient

from tests.integration.query_plans import QueryNotes
from tidings.orders.models import Order, OrderItem
from tidings.orders.queries import CREATED_WITHIN, get_orders
from tidings.orders.schemas import OrderFilter
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.pagination import COUNTED_UP_TO, Page, PageRequest
from tidings.platform.timing.clock import first_id, new_id, now

ORDERS: Final = 20_000
LIMIT: Final = 20
# One more tells whether there is a next page, one whether the order of ids is certain, and one is
# the last of the page before.
READ: Final = LIMIT + 3
# There is an order in each minute.
SLACK: Final = CREATED_WITHIN // timedelta(minutes=1) + 1
STATES: Final = ("confirmed", "paid", "packed", "delivered")
Plans = dict[str, int]


@pytest.fixture(scope="module")
def people() -> list[Principal]:
    return [Principal(user_id=new_id(), role=Role.CUSTOMER) for _ in range(100)]


@pytest.fixture
def notes(
    client: MongoClient[dict[str, Any]], people: list[Principal], monkeypatch: pytest.MonkeyPatch
) -> Iterator[QueryNotes]:
    """Store the orders, and note the queries of mongoengine's connection."""
    found = QueryNotes()
    host, port = client.address or ("", 0)
    mongoengine.connect(
        "shop",
        alias="many",
        host=f"mongodb://{host}:{port}",
        event_listeners=[found],
        tz_aware=True,
        uuidRepresentation="standard",
    )
    try:
        monkeypatch.setitem(Order._meta, "db_alias", "many")
        monkeypatch.setattr(Order, "_collection", None)
        Order.ensure_indexes()
        Order._get_collection().insert_many(_orders(people), ordered=False)
        yield found
    finally:
        mongoengine.disconnect("many")


def _orders(people: list[Principal]) -> Iterator[dict[str, Any]]:
    item = OrderItem(product_id=new_id(), sku="S", title="Pen", quantity=1, unit_price=100)
    pattern = Order(customer_id="", items=[item], total=100, currency="EUR", state="paid")
    stored, begin = pattern.to_mongo().to_dict(), now() - timedelta(days=20)
    for number in range(ORDERS):
        at = begin + timedelta(minutes=number)
        yield stored | {
            "_id": first_id(at),
            "customer_id": people[number % len(people)].user_id,
            "state": STATES[number % len(STATES)],
            "created_at": at,
        }


def test_pages_of_many_orders(
    client: MongoClient[dict[str, Any]], notes: QueryNotes, people: list[Principal]
) -> None:
    operator = Principal(user_id=new_id(), role=Role.OPERATOR)
    day: dict[str, Any] = {
        "created_from": now() - timedelta(days=19),
        "created_before": now() - timedelta(days=18),
    }

    def listed(caller: Principal, after: str | None = None, **wanted: Any) -> Page[Any]:
        notes.queries.clear()
        notes.is_noting = True
        request = PageRequest.model_validate({"limit": LIMIT, "after": after})
        page = get_orders(request, OrderFilter.model_validate(wanted), caller=caller)
        notes.is_noting = False
        assert len(page.items) == LIMIT
        assert page.has_next
        return page

    def read() -> int:
        (query,) = notes.queries.values()
        told = client.shop.command("explain", query[1], verbosity="executionStats")
        return int(told["executionStats"]["totalDocsExamined"])

    first = listed(operator)
    assert read() <= READ
    second = listed(operator, after=first.cursors[-1])
    assert read() <= READ
    assert second.items[0].id < first.items[-1].id
    listed(people[3])
    assert read() <= READ
    listed(people[3], after=listed(people[3]).cursors[-1])
    assert read() <= READ
    listed(operator, state="packed")
    assert read() <= READ
    for wanted in (day, {**day, "state": "packed"}):
        noon = listed(operator, **wanted)
        assert read() <= READ + SLACK
        listed(operator, after=noon.cursors[-1], **wanted)
        assert read() <= READ
    assert (first.total, first.total_is_at_least) == (COUNTED_UP_TO, True)
    assert listed(people[3]).total == ORDERS // len(people)
