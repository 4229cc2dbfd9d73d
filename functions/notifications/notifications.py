"""Consumer of the queue `notifications`: tells people what happened."""

from tidings.notifications.operations import notify
from tidings.orders.events import OrderConfirmed, OrderRejected
from tidings.platform.consumer import consumer
from tidings.platform.events import Event
from tidings.products.events import ProductBackInStock, ProductOutOfStock, ProductPriceDropped


@consumer(OrderConfirmed, OrderRejected, ProductOutOfStock, ProductBackInStock, ProductPriceDropped)
def handler(event: Event) -> None:
    notify(event)
