"""Consumer of the queue `notifications`: tells people what happened."""

from tidings.delivery.events import NotificationDelivered, NotificationFailed
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
from tidings.users.events import (
    UserPasswordResetRequested,
    UserPreferencesUpdated,
    UserRegistered,
    UserVerified,
)


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
    UserRegistered,
    UserVerified,
    UserPasswordResetRequested,
    UserPreferencesUpdated,
    NotificationDelivered,
    NotificationFailed,
)
def handler(event: Event) -> None:
    notify(event)
