"""Consumer of `order_updates_queue`: the daily word on open orders.

A queue of its own, so that the daily flood never delays an order's confirmation.
"""

from tidings.notifications.operations import notify
from tidings.orders.events import OrderStatusDue
from tidings.platform.consumer import consumer


@consumer(OrderStatusDue)
def handler(event: OrderStatusDue) -> None:
    notify(event)
