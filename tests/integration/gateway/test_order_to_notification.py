"""The whole chain in one process: an order becomes exactly one notification.

The functions are connected by a real RabbitMQ, and the test delivers its messages as the bridge
does.
"""

import importlib
import random
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.integration.builders import (
    CONTEXT,
    Queues,
    Taken,
    a_product,
    a_reader,
    graphql,
    stock_of,
    token_of,
)
from tidings.delivery.models import Notification
from tidings.orders.models import Order
from tidings.platform.security.auth import Principal
from tidings.products.models import Reservation
from tidings.products.schemas import ProductView

pytestmark = pytest.mark.usefixtures("keys")

CHAIN = {
    "inventory": "products.inventory",
    "orders": "orders.orders",
    "notifications": "notifications.notifications",
}
PLACE_ORDER = "mutation($i:PlaceOrderInput!){placeOrder(input:$i){id}}"
Deliver = Callable[[list[Taken]], Iterable[list[Taken]]]


def place(product: ProductView, quantity: int, *, customer: Principal, correlation: str) -> str:
    answer = graphql(
        PLACE_ORDER,
        token=token_of(customer),
        headers={"X-Correlation-Id": correlation},
        i={"items": [{"productId": product.id, "quantity": quantity}]},
    )
    order_id: str = answer.content["data"]["placeOrder"]["id"]
    return order_id


def in_one_batch(messages: list[Taken]) -> Iterable[list[Taken]]:
    return [messages]


def twice_and_shuffled(messages: list[Taken]) -> Iterable[list[Taken]]:
    """Deliver every message twice, in small batches, in any order."""
    deliveries = messages * 2
    random.Random(len(messages)).shuffle(deliveries)
    return [deliveries[at : at + 3] for at in range(0, len(deliveries), 3)]


def run_chain(queues: Queues, deliver: Deliver = in_one_batch) -> None:
    for queue, function in CHAIN.items():
        handler: Callable[[dict[str, Any], Any], None] = importlib.import_module(function).handler
        for batch in deliver(queues.take_all(queue)):
            handler(queues.event_of(queue, batch), CONTEXT)


def assert_nothing_is_left(queues: Queues) -> None:
    assert all(queues.is_empty(queue) for queue in (*CHAIN, "failed-messages"))
    assert Order.objects(outbox__0__exists=True).count() == 0
    assert Reservation.objects(outbox__0__exists=True).count() == 0


def test_order_is_confirmed_and_announced_once_with_one_correlation_id(queues: Queues) -> None:
    customer, product = a_reader(), a_product(stock=5)
    order_id = place(product, 2, customer=customer, correlation="request-7")
    run_chain(queues)
    assert Order.objects.get(pk=order_id).state == "confirmed"
    assert stock_of(product) == 3
    (notification,) = Notification.objects
    assert (notification.user_id, notification.kind) == (customer.user_id, "order.confirmed")
    assert notification.subject_id == order_id
    assert notification.correlation_id == "request-7"
    assert_nothing_is_left(queues)


def test_order_over_the_stock_is_rejected_and_announced(queues: Queues) -> None:
    customer, product = a_reader(), a_product(stock=1)
    order_id = place(product, 2, customer=customer, correlation="request-8")
    run_chain(queues)
    order = Order.objects.get(pk=order_id)
    assert (order.state, order.history[-1].reason) == (
        "rejected",
        f"Not enough pieces of product {product.id}.",
    )
    assert stock_of(product) == 1
    (notification,) = Notification.objects
    assert (notification.kind, notification.correlation_id) == ("order.rejected", "request-8")
    assert_nothing_is_left(queues)


def test_each_event_names_its_cause(queues: Queues) -> None:
    place(a_product(), 1, customer=a_reader(), correlation="request-9")
    causes: list[tuple[str | None, str]] = []

    def noting(messages: list[Taken]) -> Iterable[list[Taken]]:
        causes.extend((m.event.get("causationid"), m.event["id"]) for m in messages)
        return [messages]

    run_chain(queues, noting)
    (first, placed), (second, reserved), (third, _) = causes
    assert (first, second, third) == (None, placed, reserved)


def test_repeated_and_shuffled_messages_change_nothing(queues: Queues) -> None:
    product, customers = a_product(stock=4), [a_reader() for _ in range(6)]
    orders = [
        place(product, 1, customer=each, correlation=f"request-{number}")
        for number, each in enumerate(customers)
    ]
    run_chain(queues, twice_and_shuffled)
    states = [Order.objects.get(pk=order_id).state for order_id in orders]
    assert sorted(states) == ["confirmed"] * 4 + ["rejected"] * 2
    assert stock_of(product) == 0
    for number, (customer, order_id, state) in enumerate(
        zip(customers, orders, states, strict=True)
    ):
        (notification,) = Notification.objects(user_id=customer.user_id)
        assert notification.subject_id == order_id
        assert notification.kind == f"order.{state}"
        assert notification.correlation_id == f"request-{number}"
    assert_nothing_is_left(queues)


def test_decision_that_arrives_before_its_order_waits(queues: Queues) -> None:
    order_id = place(a_product(), 1, customer=a_reader(), correlation="request-10")
    order = Order.objects.get(pk=order_id).to_mongo()
    Order.objects(pk=order_id).delete()
    inventory = importlib.import_module("products.inventory").handler
    orders = importlib.import_module("orders.orders").handler
    inventory(queues.event_of("inventory", queues.take("inventory", 1)), CONTEXT)
    early = queues.take("orders", 1)
    orders(queues.event_of("orders", early), CONTEXT)
    Order._get_collection().insert_one(order)
    assert queues.is_empty("failed-messages")
    orders(queues.event_of("orders", early), CONTEXT)  # as it returns after its delay
    assert Order.objects.get(pk=order_id).state == "confirmed"
