"""Consumer of the queue `notifications`: tells people what happened to their orders."""

from tidings.notifications.operations import notify
from tidings.orders.events import OrderConfirmed, OrderRejected
from tidings.platform.consumer import consumer
from tidings.platform.events import Event


@consumer(OrderConfirmed, OrderRejected)
def handler(event: Event) -> None:
    notify(event)
