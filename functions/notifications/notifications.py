"""Consumer of the queue `notifications`: tells people what happened."""

from tidings.notifications.operations import notify
from tidings.orders.events import (
    OrderCancelled,
    OrderConfirmed,
    OrderRejected,
    OrderStatusChanged,
)
from tidings.platform.consumer import consumer
from tidings.platform.events import Event
from tidings.products.events import ProductBackInStock, ProductOutOfStock, ProductPriceDropped
from tidings.tasks.events import TaskCreated, TaskDeleted, TaskDue, TaskUpdated
from tidings.users import events as users


@consumer(
    OrderConfirmed,
    OrderRejected,
    OrderCancelled,
    OrderStatusChanged,
    ProductOutOfStock,
    ProductBackInStock,
    ProductPriceDropped,
    TaskCreated,
    TaskUpdated,
    TaskDeleted,
    TaskDue,
    users.UserRegistered,
    users.UserVerified,
    users.UserPasswordResetRequested,
    users.UserPreferencesUpdated,
    users.UserVerificationRequested,
    users.UserDeleted,
)
def handler(event: Event) -> None:
    notify(event)
