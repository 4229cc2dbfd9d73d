"""Consumer of the queue `notifications`: tells people what happened."""

from tidings.notifications.operations import notify
from tidings.notifications.rules import RULES, SILENT
from tidings.orders.events import OrderStatusDue
from tidings.platform.consumer import consumer
from tidings.platform.events import Event


# The daily flood has a queue and a consumer of its own.
@consumer(*(each for each in (*RULES, *SILENT) if each is not OrderStatusDue))
def handler(event: Event) -> None:
    notify(event)
