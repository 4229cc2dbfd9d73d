"""Consumer of the queue `notifications`: tells people what happened to their orders."""

from tidings.notifications.operations import notify
from tidings.orders.events import (
    OrderCancelled,
    OrderConfirmed,
    OrderRejected,
    OrderStatusChanged,
)
from tidings.platform.consumer import consumer
from tidings.platform.events import Event


@consumer(OrderConfirmed, OrderRejected, OrderCancelled, OrderStatusChanged)
def handler(event: Event) -> None:
    notify(event)
