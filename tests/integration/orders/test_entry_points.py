"""REST and GraphQL give the same answers about orders to the same callers."""

import importlib
import json
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from executable import executable_schema
from resolvers.caller import GatewayContext

from tests.integration.builders import (
    CONTEXT,
    a_person,
    a_product,
    an_order,
    an_order_in,
    at_once,
    graphql,
    state_of,
    token_of,
)
from tests.unit.platform.builders import api_event
from tidings.orders.models import Order
from tidings.orders.states import OrderState
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import new_id, now

pytestmark = pytest.mark.usefixtures("keys")

SHIPPED = {"state": "shipped", "carrier": "DHL", "tracking_number": "JD0146"}
PLACE = """mutation($i: PlaceOrderInput!, $key: String) {
  placeOrder(input: $i, idempotencyKey: $key) { id state total { amount } }
}"""
CANCEL = """mutation($id: ID!, $reason: String) {
  cancelOrder(id: $id, reason: $reason) { state history { state actor userId reason at } }
}"""
UPDATE = """mutation($i: UpdateOrderStatusInput!) {
  updateOrderStatus(input: $i) { state carrier trackingNumber }
}"""
LIST = """query($filter: OrderFilter, $first: Int, $after: String) {
  getOrders(filter: $filter, first: $first, after: $after) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage endCursor }
    edges { cursor node { id } }
    nodes { id state customerId items { productId quantity } }
  }
}"""


def rest(
    function: str,
    caller: Principal | None,
    body: object = None,
    *,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    order_id: str | None = None,
) -> tuple[int, Any]:
    bearer = {"Authorization": f"Bearer {token_of(caller)}"} if caller else {}
    event = api_event(
        body,
        headers=bearer | (headers or {}),
        pathParameters=None if order_id is None else {"order_id": order_id},
        queryStringParameters=query,
    )
    response = importlib.import_module(f"orders.{function}").handler(event, CONTEXT)
    return response["statusCode"], json.loads(response["body"])


def ask(query: str, caller: Principal, **variables: Any) -> Any:
    answer = graphql(query, token=token_of(caller), **variables)
    assert "errors" not in answer.content, answer.errors
    return answer.content["data"]


def one_of(product_id: str, quantity: int = 1) -> dict[str, Any]:
    return {"items": [{"product_id": product_id, "quantity": quantity}]}


def one_of_graphql(product_id: str, quantity: int = 1) -> dict[str, Any]:
    return {"items": [{"productId": product_id, "quantity": quantity}]}


# ------------------------------------------------------------- the idempotency key


def test_key_of_the_header_gives_the_same_order_and_a_changed_body_is_409() -> None:
    customer, product, key = a_person(), a_product(), {"idempotency-key": "key-1"}
    status, first = rest("place_order", customer, one_of(product.id), headers=key)
    assert status == 201
    again = json.dumps(one_of(product.id), indent=4)  # other text of the same order
    status, second = rest("place_order", customer, again, headers=key)
    assert (status, second["data"]["id"]) == (201, first["data"]["id"])
    status, changed = rest("place_order", customer, one_of(product.id, 2), headers=key)
    assert (status, changed["error"]["code"], changed["data"]) == (409, "CONFLICT", None)
    assert Order.objects.count() == 1


def test_key_holds_across_rest_and_graphql() -> None:
    customer, product = a_person(), a_product()
    _, placed = rest(
        "place_order", customer, one_of(product.id), headers={"Idempotency-Key": "key-1"}
    )
    same = ask(PLACE, customer, i=one_of_graphql(product.id), key="key-1")["placeOrder"]
    assert same["id"] == placed["data"]["id"]
    changed = graphql(PLACE, token=token_of(customer), i=one_of_graphql(product.id, 2), key="key-1")
    assert changed.code == "CONFLICT"
    assert changed.errors[0]["extensions"]["field"] == "idempotencyKey"


@pytest.mark.parametrize(("first", "second"), [("key-1", '"key-1"'), ('"key-1"', "key-1")])
def test_quoted_key_is_the_same_key(first: str, second: str) -> None:
    customer, product = a_person(), a_product()
    answers = [
        rest("place_order", customer, one_of(product.id), headers={"Idempotency-Key": key})
        for key in (first, second)
    ]
    assert [status for status, _ in answers] == [201, 201]
    for key in (first, second):
        same = ask(PLACE, customer, i=one_of_graphql(product.id), key=key)["placeOrder"]
        assert same["id"] == answers[0][1]["data"]["id"]
    assert Order.objects.count() == 1


@pytest.mark.parametrize(
    "key", ["", "a b", "ä", "x" * 129, '"', '"key-1', 'key-1"', '"key-1";a=1'], ids=ascii
)
def test_invalid_key_is_named_and_nothing_is_placed(key: str) -> None:
    customer, product = a_person(), a_product()
    status, envelope = rest(
        "place_order", customer, one_of(product.id), headers={"Idempotency-Key": key}
    )
    assert (status, envelope["error"]["details"][0]["field"]) == (400, "Idempotency-Key")
    answer = graphql(PLACE, token=token_of(customer), i=one_of_graphql(product.id), key=key)
    assert answer.code == "BAD_USER_INPUT"
    assert answer.errors[0]["extensions"]["field"] == "idempotencyKey"
    assert Order.objects.count() == 0


def test_hundred_concurrent_orders_with_one_key_make_one_order() -> None:
    # Chalice stores the request in the app, so concurrent calls go to the field's resolver.
    customer, product = a_person(), a_product()
    info: Any = SimpleNamespace(context=GatewayContext(customer))
    resolve = executable_schema().mutation_type.fields["placeOrder"].resolve  # type: ignore[union-attr]
    assert resolve is not None
    place = partial(resolve, None, info, input=one_of(product.id), idempotency_key="key-1")
    placed = at_once([place] * 100)
    assert len({each.id for each in placed}) == 1
    again = ask(PLACE, customer, i=one_of_graphql(product.id), key="key-1")["placeOrder"]
    assert again["id"] == placed[0].id
    assert Order.objects.count() == 1


# ------------------------------------------------------------------------- steps


def test_operator_takes_an_order_to_its_customer_by_rest() -> None:
    order, operator = an_order_in(OrderState.CONFIRMED), a_person(Role.OPERATOR)
    for body in ({"state": "paid"}, {"state": "packed"}, SHIPPED, {"state": "delivered"}):
        status, envelope = rest("update_order_status", operator, body, order_id=order.id)
        assert (status, envelope["data"]["state"]) == (200, body["state"])
    assert envelope["data"]["tracking_number"] == "JD0146"


def test_operator_ships_an_order_by_graphql() -> None:
    order = an_order_in(OrderState.PACKED)
    wanted = {
        "orderId": order.id,
        "state": "SHIPPED",
        "carrier": "DHL",
        "trackingNumber": "JD0146",
    }
    shipped = ask(UPDATE, a_person(Role.OPERATOR), i=wanted)["updateOrderStatus"]
    assert shipped == {"state": "SHIPPED", "carrier": "DHL", "trackingNumber": "JD0146"}


def test_impossible_step_is_422_with_both_states() -> None:
    order, operator = an_order_in(OrderState.DELIVERED), a_person(Role.OPERATOR)
    status, envelope = rest("update_order_status", operator, {"state": "paid"}, order_id=order.id)
    assert status == 422
    assert envelope["message"] == "An order cannot go from delivered to paid."
    answer = graphql(UPDATE, token=token_of(operator), i={"orderId": order.id, "state": "PAID"})
    assert (answer.code, answer.errors[0]["message"]) == ("BAD_USER_INPUT", envelope["message"])
    assert state_of(order) == "delivered"


def test_shipping_without_a_tracking_number_names_the_field_and_ships_nothing() -> None:
    order, operator = an_order_in(OrderState.PACKED), a_person(Role.OPERATOR)
    body = {"state": "shipped", "carrier": "DHL"}
    status, envelope = rest("update_order_status", operator, body, order_id=order.id)
    assert (status, envelope["error"]["details"][0]["field"]) == (422, "tracking_number")
    wanted = {"orderId": order.id, "state": "SHIPPED", "carrier": "DHL"}
    answer = graphql(UPDATE, token=token_of(operator), i=wanted)
    assert answer.errors[0]["extensions"]["field"] == "trackingNumber"
    assert state_of(order) == "packed"


@pytest.mark.parametrize("body", [None, {}, {"reason": "Ordered by mistake."}], ids=str)
def test_customer_cancels_by_rest_with_or_without_a_reason(body: object) -> None:
    customer = a_person()
    order = an_order(customer=customer)
    status, envelope = rest("cancel_order", customer, body, order_id=order.id)
    assert (status, envelope["data"]["state"]) == (200, "cancelled")
    assert envelope["data"]["history"][-1]["reason"]


def test_customer_cancels_by_graphql() -> None:
    customer = a_person()
    order = an_order(customer=customer)
    cancelled = ask(CANCEL, customer, id=order.id, reason="Too late.")["cancelOrder"]
    assert cancelled["state"] == "CANCELLED"
    last = cancelled["history"][-1]
    assert (last["actor"], last["userId"], last["reason"]) == (
        "CUSTOMER",
        customer.user_id,
        "Too late.",
    )


# ------------------------------------------------------------------------ access


@pytest.mark.parametrize(
    ("who", "get", "cancel", "update"),
    [
        ("nobody", 401, 401, 401),
        ("stranger", 404, 404, 403),
        ("customer", 200, 200, 403),
        ("operator", 200, 200, 200),
        ("admin", 200, 200, 200),
    ],
)
def test_access_to_orders_by_role(who: str, get: int, cancel: int, update: int) -> None:
    owner = a_person()
    callers = {
        "nobody": None,
        "stranger": a_person(),
        "customer": owner,
        "operator": a_person(Role.OPERATOR),
        "admin": a_person(Role.ADMIN),
    }
    caller, order = callers[who], an_order_in(OrderState.CONFIRMED, customer=owner)
    assert rest("get_order", caller, order_id=order.id)[0] == get
    status, _ = rest("update_order_status", caller, {"state": "paid"}, order_id=order.id)
    assert status == update
    assert (state_of(order) == "paid") == (update == 200)
    assert rest("cancel_order", caller, order_id=order.id)[0] == cancel
    assert (state_of(order) == "cancelled") == (cancel == 200)


@pytest.mark.parametrize("order_id", ["", "x", "$gt", "\x00", "a" * 10_000, '{"$gt": ""}'])
def test_unknown_id_is_404(order_id: str) -> None:
    operator = a_person(Role.OPERATOR)
    an_order()
    assert rest("cancel_order", operator, order_id=order_id)[0] == 404
    body = {"state": "paid"}
    assert rest("update_order_status", operator, body, order_id=order_id)[0] == 404
    assert [order.state for order in Order.objects] == ["placed"]


# -------------------------------------------------------------------------- lists


def test_list_by_rest_is_filtered_and_has_the_position_of_its_page() -> None:
    operator = a_person(Role.OPERATOR)
    paid = [an_order_in(OrderState.PAID).id for _ in range(3)]
    an_order()
    query = {"state": "paid", "limit": "2", "created_from": "2020-01-01T00:00:00Z"}
    status, envelope = rest("get_orders", operator, query=query)
    assert (status, [each["id"] for each in envelope["data"]]) == (200, paid[:0:-1])
    assert (envelope["meta"]["total"], envelope["meta"]["has_next"]) == (3, True)
    query["after"] = envelope["meta"]["next_cursor"]
    _, rest_of_them = rest("get_orders", operator, query=query)
    assert [each["id"] for each in rest_of_them["data"]] == paid[:1]


def test_list_by_graphql_is_a_connection() -> None:
    operator, customer = a_person(Role.OPERATOR), a_person()
    orders = [an_order(customer=customer).id for _ in range(3)][::-1]
    an_order()
    wanted = {"customerId": customer.user_id, "createdBefore": f"{now().year + 1}-01-01T00:00:00Z"}
    page = ask(LIST, operator, filter=wanted, first=2)["getOrders"]
    assert [each["id"] for each in page["nodes"]] == orders[:2]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (3, True)
    after = page["pageInfo"]["endCursor"]
    page = ask(LIST, operator, filter=wanted, first=2, after=after)["getOrders"]
    assert [each["node"]["id"] for each in page["edges"]] == orders[2:]


def test_customer_lists_their_own_by_both_ways() -> None:
    customer = a_person()
    order = an_order(customer=customer)
    an_order()
    assert [each["id"] for each in rest("get_orders", customer)[1]["data"]] == [order.id]
    nodes = ask(LIST, customer, filter={"state": "PLACED"})["getOrders"]["nodes"]
    assert [each["id"] for each in nodes] == [order.id]


def test_list_of_another_customer_is_403() -> None:
    other = {"customer_id": new_id()}
    status, envelope = rest("get_orders", a_person(), query=other)
    assert (status, envelope["data"]) == (403, None)
    wanted = {"customerId": other["customer_id"]}
    answer = graphql(LIST, token=token_of(a_person()), filter=wanted)
    assert answer.code == "FORBIDDEN"


def test_anonymous_caller_cannot_list() -> None:
    assert rest("get_orders", None)[0] == 401
    assert graphql(LIST).code == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    "query",
    [
        {"state": "sent"},
        {"customer_id": "$gt"},
        {"created_from": "soon"},
        {"limit": "0"},
        {"after": "?"},
    ],
    ids=str,
)
def test_invalid_filter_is_400_and_names_the_parameter(query: dict[str, str]) -> None:
    status, envelope = rest("get_orders", a_person(), query=query)
    assert (status, envelope["error"]["details"][0]["field"]) == (400, next(iter(query)))


# --------------------------------------------------------------------------- jobs


def test_job_returns_the_number_of_settled_orders() -> None:
    an_order()
    handler = importlib.import_module("orders.settle_orders").handler
    summary = handler({"time": "2099-01-01T00:00:00Z"}, CONTEXT)
    assert summary == {
        "orders_announced_again": 1,
        "orders_cancelled": 0,
        "orders_given_up": 0,
    }
