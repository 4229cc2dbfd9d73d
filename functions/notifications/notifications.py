"""Consumer of the queue `notifications`: tells people what happened to their orders
and tasks."""

from tidings.notifications.operations import notify
from tidings.orders.events import OrderConfirmed, OrderRejected
from tidings.platform.consumer import consumer
from tidings.platform.events import Event
from tidings.tasks.events import TaskCreated, TaskDeleted, TaskDue, TaskUpdated


@consumer(OrderConfirmed, OrderRejected, TaskCreated, TaskUpdated, TaskDeleted, TaskDue)
def handler(event: Event) -> None:
    notify(event)
