"""The consumers of stock, from message to effect, with repetitions and in any order."""

import importlib
from typing import Any

import pytest

from tests.integration.builders import CONTEXT, Queues, a_person, a_product, stock_of
from tidings.delivery.models import Notification
from tidings.orders.events import (
    OrderCancelled,
    OrderCancelledData,
    OrderedLine,
    OrderPlaced,
    OrderPlacedData,
)
from tidings.platform.messaging import relay
from tidings.platform.messaging.events import Event
from tidings.platform.messaging.outbox import OutboxEntry
from tidings.platform.messaging.relay import publish_stored
from tidings.platform.security.auth import Role
from tidings.platform.timing.clock import new_id
from tidings.products.models import Product
from tidings.products.operations import adjust_stock
from tidings.products.schemas import AdjustStock, ProductView


def placed(order_id: str, product: ProductView, quantity: int) -> OrderPlaced:
    lines = [OrderedLine(product_id=product.id, quantity=quantity)]
    data = OrderPlacedData(order_id=order_id, customer_id=new_id(), lines=lines)
    return OrderPlaced(subject=order_id, data=data)


def cancelled(order_id: str) -> OrderCancelled:
    data = OrderCancelledData(order_id=order_id, customer_id=new_id(), reason="changed my mind")
    return OrderCancelled(subject=order_id, data=data)


def consume(queues: Queues, queue: str, function: str, *events: Event) -> None:
    """Send events to a queue, and the arriving messages to its function, as the bridge does."""
    for event in events:
        message = relay._message(OutboxEntry.of(event))
        queues.channel.basic_publish("", queue, message.body, message.properties)
    messages = queues.take(queue, len(events))
    handler: Any = importlib.import_module(function).handler
    handler(queues.event_of(queue, messages), CONTEXT)


def types_in(queues: Queues, queue: str, count: int) -> list[str]:
    return sorted(each.event["type"] for each in queues.take(queue, count))


@pytest.mark.parametrize("order", ["as it was", "the other way round", "each twice"])
def test_cancelled_order_keeps_no_stock_for_any_order_of_messages(
    queues: Queues, order: str
) -> None:
    product, order_id = a_product(stock=2), new_id()
    first, second = placed(order_id, product, 2), cancelled(order_id)
    news: dict[str, list[Event]] = {
        "as it was": [first, second],
        "the other way round": [second, first],
        "each twice": [first, second, first, second],
    }
    consume(queues, "inventory", "products.inventory", *news[order])
    assert stock_of(product) == 2
    announced = {"the other way round": ["inventory.released"]}
    expected = announced.get(order, ["inventory.released", "inventory.reserved"])
    assert types_in(queues, "orders", len(expected)) == expected
    out_and_back = ["product.back_in_stock", "product.out_of_stock"]
    told = [] if order == "the other way round" else out_and_back
    assert types_in(queues, "notifications", len(told)) == told
    assert queues.is_empty("failed-messages")


def test_published_events_leave_the_product(queues: Queues) -> None:
    product = a_product(stock=1)
    wanted = AdjustStock(change=-1, reason="lost")
    adjust_stock(product.id, wanted, caller=a_person(Role.OPERATOR))
    publish_stored()
    assert types_in(queues, "notifications", 1) == ["product.out_of_stock"]
    assert Product.objects.get(pk=product.id).outbox == []


def test_event_about_an_unfollowed_product_notifies_nobody(queues: Queues) -> None:
    product = a_product(stock=1)
    adjust_stock(product.id, AdjustStock(change=-1, reason="x"), caller=a_person(Role.OPERATOR))
    publish_stored()
    handler = importlib.import_module("notifications.notifications").handler
    messages = queues.take("notifications", 1)
    handler(queues.event_of("notifications", messages), CONTEXT)
    assert Notification.objects.count() == 0
    assert queues.is_empty("failed-messages")
