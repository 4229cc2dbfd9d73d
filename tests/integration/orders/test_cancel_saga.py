"""A cancelled order returns its stock, for any order of its messages."""

import importlib
import random
from typing import Any

import pytest

from tests.integration.builders import (
    CONTEXT,
    Queues,
    a_person,
    a_product,
    an_order,
    state_of,
    stock_of,
)
from tidings.delivery.models import Notification
from tidings.orders.models import Order
from tidings.orders.operations import cancel_order
from tidings.orders.schemas import CancelOrder, OrderView
from tidings.orders.settling import settle_orders
from tidings.orders.steps import SETTLE_AFTER
from tidings.platform.messaging.relay import publish_stored
from tidings.platform.security.auth import Role
from tidings.platform.timing.clock import now

CHAIN = {
    "inventory": "products.inventory",
    "orders": "orders.orders",
    "notifications": "notifications.notifications",
}


def work_off(queues: Queues, *names: str, twice: bool = False) -> None:
    """Handle the messages of these queues until they are empty."""
    at_work = True
    while at_work:
        at_work = False
        for name in names:
            messages = queues.take_all(name)
            if messages:
                at_work = True
                messages *= 2 if twice else 1
                random.Random(len(messages)).shuffle(messages)
                handler = importlib.import_module(CHAIN[name]).handler
                handler(queues.event_of(name, messages), CONTEXT)
        # The resulting messages are delivered only once more, or the test would never end.
        twice = False


def cancel(order: OrderView) -> None:
    cancel_order(order.id, CancelOrder(), caller=a_person(Role.OPERATOR))
    publish_stored()


def kinds_told(order: OrderView) -> list[str]:
    told: Any = Notification.objects(user_id=order.customer_id)
    return sorted(each.kind for each in told)


@pytest.mark.parametrize("twice", [False, True])
def test_cancelled_order_returns_its_stock(queues: Queues, twice: bool) -> None:
    product = a_product(stock=3)
    order = an_order(product, quantity=2)
    publish_stored()
    work_off(queues, *CHAIN, twice=twice)
    assert (state_of(order), stock_of(product)) == ("confirmed", 1)

    cancel(order)
    work_off(queues, *CHAIN, twice=twice)

    assert (state_of(order), stock_of(product)) == ("cancelled", 3)
    assert Order.objects.get(pk=order.id).stock_released_at is not None
    assert kinds_told(order) == ["order.cancelled", "order.confirmed"]


def test_order_cancelled_before_its_reservation_takes_no_stock(queues: Queues) -> None:
    product = a_product(stock=3)
    order = an_order(product, quantity=2)
    publish_stored()
    placed = queues.take("inventory", 1)
    cancel(order)
    work_off(queues, *CHAIN)

    inventory = importlib.import_module(CHAIN["inventory"])
    inventory.handler(queues.event_of("inventory", placed), CONTEXT)
    work_off(queues, *CHAIN)

    assert (state_of(order), stock_of(product)) == ("cancelled", 3)
    assert kinds_told(order) == ["order.cancelled"]


def test_stock_reserved_during_the_cancellation_is_returned(queues: Queues) -> None:
    product = a_product(stock=3)
    order = an_order(product, quantity=2)
    publish_stored()
    work_off(queues, "inventory")  # the order has not received the reservation yet
    assert stock_of(product) == 1

    cancel(order)
    work_off(queues, "orders", "inventory", "notifications")

    assert (state_of(order), stock_of(product)) == ("cancelled", 3)
    assert kinds_told(order) == ["order.cancelled"]


def test_order_with_a_lost_event_is_settled(queues: Queues) -> None:
    product = a_product(stock=3)
    order = an_order(product, quantity=2)
    publish_stored()
    queues.take("inventory", 1)  # and lost

    settle_orders(now() + SETTLE_AFTER)
    publish_stored()
    work_off(queues, *CHAIN)

    assert (state_of(order), stock_of(product)) == ("confirmed", 1)
    assert kinds_told(order) == ["order.confirmed"]
