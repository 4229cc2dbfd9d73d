"""The relay of what crashes left in the outboxes."""

from typing import Final

from tidings.delivery.models import Feedback
from tidings.notifications.models import Notification
from tidings.orders.models import Order
from tidings.platform import relay
from tidings.platform.outbox import OutboxDocument
from tidings.products.models import Product, Reservation
from tidings.tasks.models import Task
from tidings.users.models import User

# The only place that knows every document with an outbox; a test looks for missing ones.
OUTBOX_DOCUMENTS: Final[tuple[type[OutboxDocument], ...]] = (
    Feedback,
    Notification,
    Order,
    Product,
    Reservation,
    Task,
    User,
)
RELAY_SECONDS: Final = 40.0


def relay_outbox() -> int:
    """Publish what is left in any outbox; return how many events.

    Raises:
        BrokerUnavailable: RabbitMQ cannot be reached; everything stays where it is.
    """
    return relay.relay_left_behind(OUTBOX_DOCUMENTS, seconds=RELAY_SECONDS)
