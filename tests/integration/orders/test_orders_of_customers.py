"""A page of each customer's orders reads no more orders than it shows."""

from typing import Any

import pytest

from tests.integration.builders import a_person, an_order
from tidings.orders.models import Order
from tidings.orders.queries import get_orders_of_customers
from tidings.orders.schemas import OrderView
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage import pagination
from tidings.platform.storage.pagination import Page, PageRequest
from tidings.platform.timing.clock import new_id

OPERATOR = a_person(Role.OPERATOR)


def many_orders(customer: Principal, number: int) -> list[str]:
    """Return their ids, newest first."""
    stored: dict[str, Any] = Order.objects.get(pk=an_order(customer=customer).id).to_mongo()
    Order.objects(pk=stored["_id"]).delete()
    made = [{**stored, "_id": new_id()} for _ in range(number)]
    Order._get_collection().insert_many(made)
    return [each["_id"] for each in made][::-1]


def listed(*customers: Principal, **page: Any) -> dict[str, Page[OrderView]]:
    ids = [each.user_id for each in customers]
    return get_orders_of_customers(ids, PageRequest.model_validate(page), caller=OPERATOR)


def test_each_customer_has_a_page_of_their_own() -> None:
    ada, ben, carl = a_person(), a_person(), a_person()
    hers, his = many_orders(ada, 7), many_orders(ben, 2)
    first = listed(ada, ben, carl, limit=3)
    assert list(first) == [ada.user_id, ben.user_id, carl.user_id]
    assert [[each.id for each in page.items] for page in first.values()] == [hers[:3], his, []]
    assert [page.has_next for page in first.values()] == [True, False, False]
    assert [page.total for page in first.values()] == [7, 2, 0]
    rest = listed(ada, ben, limit=5, after=first[ada.user_id].cursors[-1])
    assert [each.id for each in rest[ada.user_id].items] == hers[3:]
    assert [page.total for page in rest.values()] == [7, 2]


def test_totals_stop_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pagination, "COUNTED_UP_TO", 5)
    ada, ben = a_person(), a_person()
    many_orders(ada, 9)
    many_orders(ben, 5)
    pages = listed(ada, ben)
    assert [page.total for page in pages.values()] == [5, 5]
    assert [page.total_is_at_least for page in pages.values()] == [True, False]


def test_pages_are_one_command_and_totals_another(commands: list[str]) -> None:
    customers = [a_person() for _ in range(20)]
    for each in customers[:3]:
        many_orders(each, 2)
    commands.clear()
    pages = listed(*customers)
    assert commands == ["aggregate"]
    assert sum(page.total for page in pages.values()) == 6
    assert commands == ["aggregate", "aggregate"]


def test_customer_with_many_orders_is_one_reply(commands: list[str]) -> None:
    ada, ben = a_person(), a_person()
    many_orders(ada, 500)
    many_orders(ben, 200)
    commands.clear()
    pages = listed(ada, ben, limit=100)
    assert [len(page.items) for page in pages.values()] == [100, 100]
    assert [page.total for page in pages.values()] == [500, 200]
    assert commands == ["aggregate", "aggregate"]
