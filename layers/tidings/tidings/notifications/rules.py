"""Which event tells whom what: one row per event."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tidings.orders.events import OrderConfirmed, OrderRejected, OrderStatusDue
from tidings.platform.events import Event


@dataclass(frozen=True)
class Rule:
    """`title` and `body` are format strings over the event's data."""

    kind: str
    audience: Callable[[Any], str]
    title: str
    body: str


RULES: Final[dict[type[Event], Rule]] = {
    OrderConfirmed: Rule(
        kind="order.confirmed",
        audience=lambda event: str(event.data.customer_id),
        title="Your order is confirmed",
        body="All pieces of order {order_id} are set aside for you.",
    ),
    OrderRejected: Rule(
        kind="order.rejected",
        audience=lambda event: str(event.data.customer_id),
        title="Your order could not be fulfilled",
        body="We are sorry: there is not enough in stock for order {order_id}. "
        "You have not been charged.",
    ),
    OrderStatusDue: Rule(
        kind="order.status_update",
        audience=lambda event: str(event.data.customer_id),
        title="Where your order stands",
        body="Order {order_id} is {state}.",
    ),
}
