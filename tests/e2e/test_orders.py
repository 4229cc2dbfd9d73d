"""The states of an order on the running stack, for its customer and for operators."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from tests.e2e.aws import invoke, rule_event
from tests.e2e.shop import Shop
from tests.waiting import eventually

PLACE = """mutation($i: PlaceOrderInput!, $key: String) {
  placeOrder(input: $i, idempotencyKey: $key) { id }
}"""
CANCEL = "mutation($id: ID!, $reason: String) { cancelOrder(id: $id, reason: $reason) { state } }"
UPDATE = """mutation($i: UpdateOrderStatusInput!) {
  updateOrderStatus(input: $i) { state trackingNumber }
}"""
LIST = """query($filter: OrderFilter, $after: String) {
  getOrders(filter: $filter, first: 2, after: $after) {
    totalCount
    nodes { id state }
    pageInfo { hasNextPage endCursor }
  }
}"""
HISTORY = "query($id: ID!) { getOrder(id: $id) { history { state actor reason at } } }"


def one_of(product_id: str, quantity: int = 1) -> dict[str, Any]:
    return {"items": [{"productId": product_id, "quantity": quantity}]}


def told(shop: Shop, order_id: str) -> list[str]:
    """Return the titles of a customer's notifications about an order, oldest first."""
    return [each["title"] for each in reversed(shop.inbox_about(order_id))]


def a_confirmed_order(customer: Shop, product_id: str, quantity: int = 1) -> str:
    order_id = customer.place_order(product_id, quantity)
    eventually(lambda: customer.order_state(order_id) == "CONFIRMED", what=order_id)
    return order_id


def step(operator: Shop, order_id: str, state: str, **more: str) -> None:
    wanted = {"orderId": order_id, "state": state, **more}
    done = operator.graphql(UPDATE, i=wanted)["updateOrderStatus"]
    assert done["state"] == state


def test_order_goes_through_all_states_with_one_notification_each(
    admin: Shop, customer: Shop
) -> None:
    order_id = a_confirmed_order(customer, admin.create_product(stock=1))

    step(admin, order_id, "PAID")
    step(admin, order_id, "PACKED")
    step(admin, order_id, "SHIPPED", carrier="DHL", trackingNumber="JD0146")
    step(admin, order_id, "DELIVERED")

    # Five events in two queues: confirmed, paid, packed, shipped, delivered.
    eventually(lambda: len(told(customer, order_id)) >= 5, what="five notifications")
    assert sorted(told(customer, order_id)) == sorted(
        [
            "Your order is confirmed",
            "Your payment has arrived",
            "Your order is packed",
            "Your order is on its way",
            "Your order is delivered",
        ]
    )
    history = customer.graphql(HISTORY, id=order_id)["getOrder"]["history"]
    assert [(each["state"], each["actor"]) for each in history] == [
        ("PLACED", "CUSTOMER"),
        ("CONFIRMED", "SHOP"),
        ("PAID", "OPERATOR"),
        ("PACKED", "OPERATOR"),
        ("SHIPPED", "OPERATOR"),
        ("DELIVERED", "OPERATOR"),
    ]


def test_a_hundred_parallel_orders_with_one_key_are_one_order(admin: Shop, customer: Shop) -> None:
    product_id, key = admin.create_product(stock=100), str(uuid4())

    def place(_: int) -> str:
        placed = customer.graphql(PLACE, i=one_of(product_id), key=key)["placeOrder"]
        return str(placed["id"])

    with ThreadPoolExecutor(20) as together:
        placed = set(together.map(place, range(100)))

    (order_id,) = placed
    eventually(lambda: customer.order_state(order_id) == "CONFIRMED", what=order_id)
    assert customer.stock_of(product_id) == 99
    assert customer.graphql(LIST)["getOrders"]["totalCount"] == 1
    changed = customer.try_graphql(PLACE, i=one_of(product_id, 2), key=key)
    assert changed["errors"][0]["extensions"]["code"] == "CONFLICT"


def test_cancelled_order_returns_its_stock_and_notifies_once(admin: Shop, customer: Shop) -> None:
    product_id = admin.create_product(stock=3)
    order_id = a_confirmed_order(customer, product_id, quantity=2)
    assert customer.stock_of(product_id) == 1

    cancelled = customer.graphql(CANCEL, id=order_id, reason="Ordered by mistake.")

    assert cancelled["cancelOrder"]["state"] == "CANCELLED"
    eventually(lambda: customer.stock_of(product_id) == 3, what="the stock is back")
    eventually(lambda: "Your order is cancelled" in told(customer, order_id))
    refused = customer.try_graphql(CANCEL, id=order_id)
    assert refused["errors"][0]["message"] == "An order cannot go from cancelled to cancelled."
    assert told(customer, order_id).count("Your order is cancelled") == 1


def test_customer_cannot_cancel_a_packed_order(admin: Shop, customer: Shop) -> None:
    order_id = a_confirmed_order(customer, admin.create_product(stock=1))
    step(admin, order_id, "PAID")
    step(admin, order_id, "PACKED")

    answer = customer.rest("POST", f"/orders/{order_id}/cancel", {})

    assert answer.status_code == 422
    assert "from packed to cancelled" in answer.json()["message"]
    assert customer.order_state(order_id) == "PACKED"


def test_steps_are_for_operators_and_orders_for_their_customers(
    shop: Shop, admin: Shop, customer: Shop
) -> None:
    order_id = a_confirmed_order(customer, admin.create_product(stock=1))
    stranger, paid = shop.register("Mallory"), {"state": "paid"}

    assert shop.rest("PUT", f"/orders/{order_id}/status", paid).status_code == 401
    assert customer.rest("PUT", f"/orders/{order_id}/status", paid).status_code == 403
    assert stranger.rest("POST", f"/orders/{order_id}/cancel", {}).status_code == 404
    assert stranger.rest("GET", f"/orders?customer_id={customer.user_id}").status_code == 403

    assert customer.order_state(order_id) == "CONFIRMED"
    assert admin.rest("PUT", f"/orders/{order_id}/status", paid).status_code == 200


def test_orders_are_listed_in_pages_by_graphql_and_rest(admin: Shop, customer: Shop) -> None:
    product_id = admin.create_product(stock=10)
    placed = [customer.place_order(product_id) for _ in range(3)][::-1]

    first = customer.graphql(LIST)["getOrders"]
    after = first["pageInfo"]["endCursor"]
    second = customer.graphql(LIST, after=after)["getOrders"]
    by_rest = admin.rest("GET", f"/orders?customer_id={customer.user_id}&limit=2&page=2").json()

    assert [each["id"] for each in first["nodes"] + second["nodes"]] == placed
    assert (first["totalCount"], second["pageInfo"]["hasNextPage"]) == (3, False)
    assert [each["id"] for each in by_rest["data"]] == placed[2:]
    assert by_rest["meta"]["total_pages"] == 2


def test_settling_rule_leaves_decided_orders_unchanged(admin: Shop, customer: Shop) -> None:
    order_id = a_confirmed_order(customer, admin.create_product(stock=1))
    summary = invoke("tidings-settle-orders", rule_event(datetime.now(UTC)))

    assert set(summary) == {"orders_announced_again", "orders_cancelled", "orders_given_up"}
    assert customer.order_state(order_id) == "CONFIRMED"
