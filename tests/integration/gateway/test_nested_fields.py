"""Nested fields need a bounded number of database commands, and reveal no other data."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.builders import Queues
from tests.integration.gateway.in_process import InProcessApi
from tidings.orders.models import Order, OrderItem
from tidings.products.catalogue import prepare
from tidings.products.models import Product

ORDERS, ITEMS = 30, 5
LIST = """query($first: Int!, $after: String) { me { orders(first: $first, after: $after) {
  totalCount
  pageInfo { hasNextPage hasPreviousPage endCursor }
  nodes { id customer { email } items { title product { id title } } }
} } }"""


def products(count: int) -> list[str]:
    made = [
        prepare(
            Product(
                sku=f"SKU-{uuid4().hex}",
                title="Pen",
                price=100,
                currency="EUR",
                stock=9,
                state="active",
            )
        )
        for _ in range(count)
    ]
    Product.objects.insert(made, load_bulk=False)
    return [each.id for each in made]


def orders(customer_id: str | None, count: int, product_ids: list[str]) -> list[str]:
    items = [
        OrderItem(product_id=each, sku="S", title="Pen", quantity=1, unit_price=100)
        for each in product_ids
    ]
    made = [
        Order(customer_id=customer_id, items=items, total=100, currency="EUR", state="placed")
        for _ in range(count)
    ]
    Order.objects.insert(made, load_bulk=False)
    return [each.id for each in made]


def test_thirty_orders_with_products_and_customer_need_four_commands(
    customer: InProcessApi, commands: list[str]
) -> None:
    for _ in range(ORDERS):
        orders(customer.user_id, 1, products(ITEMS))
    commands.clear()

    answer = customer.graphql(LIST.replace("totalCount", ""), first=ORDERS)

    listed = answer["data"]["me"]["orders"]["nodes"]
    assert len(listed) == ORDERS
    assert all(item["product"]["title"] == "Pen" for each in listed for item in each["items"])
    assert len({item["product"]["id"] for each in listed for item in each["items"]}) == 150
    assert {each["customer"]["email"] for each in listed} != set()
    assert sorted(commands) == ["aggregate", "find", "find", "find"]


def test_orders_of_a_person_are_paginated(customer: InProcessApi, commands: list[str]) -> None:
    placed = orders(customer.user_id, 5, products(1))[::-1]

    first = customer.graphql(LIST, first=2)["data"]["me"]["orders"]
    rest = customer.graphql(LIST, first=3, after=first["pageInfo"]["endCursor"])
    second = rest["data"]["me"]["orders"]

    assert [each["id"] for each in first["nodes"] + second["nodes"]] == placed
    assert (first["totalCount"], second["totalCount"]) == (5, 5)
    assert first["pageInfo"]["hasNextPage"]
    assert not second["pageInfo"]["hasNextPage"]
    assert second["pageInfo"]["hasPreviousPage"]


def test_person_without_orders_has_an_empty_page(customer: InProcessApi) -> None:
    page = customer.graphql(LIST, first=2)["data"]["me"]["orders"]
    assert (page["totalCount"], page["nodes"]) == (0, [])


def test_page_of_many_customers_is_one_command_and_their_totals_another(
    operator: InProcessApi,
    customer: InProcessApi,
    other_customer: InProcessApi,
    commands: list[str],
) -> None:
    for each in (customer, other_customer):
        orders(each.user_id, 3, products(1))
    commands.clear()

    answer = operator.graphql(
        "query($a: ID!, $b: ID!) { a: getUser(id: $a) { ...O } b: getUser(id: $b) { ...O } }"
        " fragment O on User { id orders(first: 2) { totalCount nodes { customerId } } }",
        a=customer.user_id,
        b=other_customer.user_id,
    )

    for person in answer["data"].values():
        assert person["orders"]["totalCount"] == 3
        assert [each["customerId"] for each in person["orders"]["nodes"]] == [person["id"]] * 2
    assert commands.count("aggregate") == 2


def test_list_with_products_needs_no_event_loop(
    customer: InProcessApi, commands: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Coroutines for 20 products would take a tenth of the time of the page."""
    orders(customer.user_id, 20, products(1))
    query = "{ getOrders { nodes { customer { email } items { product { title } } } } }"
    customer.graphql(query)  # the products are in the cache now
    monkeypatch.setattr(asyncio, "run", None)
    commands.clear()
    nodes = customer.graphql(query)["data"]["getOrders"]["nodes"]
    assert [each["items"] for each in nodes] == [[{"product": {"title": "Pen"}}]] * 20
    assert len({each["customer"]["email"] for each in nodes}) == 1
    assert commands == ["find", "find"]


def test_product_that_a_mutation_changes_is_shown_as_it_is_then(operator: InProcessApi) -> None:
    (product_id,) = products(1)
    Product.objects(pk=product_id).update_one(set__version=1)
    answer = operator.graphql(
        """mutation($i: PlaceOrderInput!, $id: ID!) {
          a: placeOrder(input: $i) { items { product { title } } }
          updateProduct(id: $id, input: {version: 1, title: "Ink"}) { title }
          c: updateProfile(input: {name: "Bo"}) { orders(first: 1) { nodes { items {
            title product { title } } } } }
          b: placeOrder(input: $i) { items { product { title } } }
        }""",
        i={"items": [{"productId": product_id, "quantity": 1}]},
        id=product_id,
    )
    assert "errors" not in answer
    shown = answer["data"]
    assert [shown[each]["items"][0]["product"]["title"] for each in ("a", "b")] == ["Pen", "Ink"]
    (listed,) = shown["c"]["orders"]["nodes"]
    assert listed == {"items": [{"title": "Pen", "product": {"title": "Ink"}}]}


def test_deleted_product_is_null(customer: InProcessApi) -> None:
    gone = uuid4().hex[:24]
    orders(customer.user_id, 1, [gone])
    (order,) = customer.graphql(LIST, first=1)["data"]["me"]["orders"]["nodes"]
    assert order["items"] == [{"title": "Pen", "product": None}]


@pytest.mark.parametrize("state", ["draft", "retired"])
def test_product_not_on_sale_is_visible_to_operators_only(
    state: str, customer: InProcessApi, operator: InProcessApi
) -> None:
    (product_id,) = products(1)
    (order_id,) = orders(customer.user_id, 1, [product_id])
    Product.objects(pk=product_id).update_one(set__state=state)
    query = "query($id: ID!) { getOrder(id: $id) { items { title product { id } } } }"

    as_customer = customer.graphql(query, id=order_id)["data"]["getOrder"]["items"]
    as_operator = operator.graphql(query, id=order_id)["data"]["getOrder"]["items"]

    assert as_customer == [{"title": "Pen", "product": None}]
    assert as_operator == [{"title": "Pen", "product": {"id": product_id}}]


def test_customer_whose_account_was_deleted_is_null(
    customer: InProcessApi, operator: InProcessApi
) -> None:
    (order_id,) = orders(customer.user_id, 1, products(1))
    customer.graphql("mutation { deleteAccount { message } }")
    query = "query($id: ID!) { getOrder(id: $id) { customerId customer { email } } }"
    answer = operator.graphql(query, id=order_id)
    assert answer["data"]["getOrder"] == {"customerId": customer.user_id, "customer": None}


def test_customer_of_an_order_is_visible_to_operators(
    customer: InProcessApi, operator: InProcessApi
) -> None:
    (order_id,) = orders(customer.user_id, 1, products(1))
    query = "query($id: ID!) { getOrder(id: $id) { customer { id orders { totalCount } } } }"
    answer = operator.graphql(query, id=order_id)
    expected = {"id": customer.user_id, "orders": {"totalCount": 1}}
    assert answer["data"]["getOrder"]["customer"] == expected


def test_another_account_cannot_be_read_by_any_field(
    customer: InProcessApi, other_customer: InProcessApi
) -> None:
    (order_id,) = orders(customer.user_id, 1, products(1))
    for query, wanted, code in (
        ("query($id: ID!) { getOrder(id: $id) { customer { email } } }", order_id, "NOT_FOUND"),
        ("query($id: ID!) { getUser(id: $id) { email } }", customer.user_id, "FORBIDDEN"),
    ):
        answer: Any = other_customer.graphql(query, id=wanted)
        assert answer["errors"][0]["extensions"]["code"] == code
        assert answer["data"] is None


def test_forged_cursor_is_bad_input(customer: InProcessApi) -> None:
    (error,) = customer.graphql(LIST, first=1, after="nonsense!")["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "after"}


def test_event_of_a_second_mutation_is_published_too(
    customer: InProcessApi, queues: Queues
) -> None:
    (product_id,) = products(1)
    answer = customer.graphql(
        "mutation($i: PlaceOrderInput!) {"
        " a: placeOrder(input: $i) { items { product { id } } } b: placeOrder(input: $i) { id } }",
        i={"items": [{"productId": product_id, "quantity": 1}]},
    )
    assert "errors" not in answer
    queues.take("inventory", 2)
