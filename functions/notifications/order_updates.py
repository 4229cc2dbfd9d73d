"""Consumer of `order_updates_queue`: sends the daily status of open orders.

It has a separate queue, so that the daily messages do not delay order confirmations.
"""

from tidings.notifications.notifying import notify, notify_together
from tidings.orders.events import OrderStatusDue
from tidings.platform.entry.consumer import consumer


@consumer(OrderStatusDue, together=notify_together)
def handler(event: OrderStatusDue) -> None:
    notify(event)
