"""The relay of what crashes left in the outboxes."""

from typing import Final

from tidings.campaigns.models import Campaign
from tidings.delivery.models import Feedback
from tidings.notifications.models import Crowd, Notification
from tidings.operations.leases import lease
from tidings.orders.models import Order
from tidings.platform import relay
from tidings.platform.logging import logger
from tidings.platform.outbox import OutboxDocument
from tidings.products.models import Product, Reservation
from tidings.recommendations.models import Activity, Run, Taste
from tidings.tasks.models import Task
from tidings.users.models import User

# The only place that knows every document with an outbox; a test looks for missing ones.
OUTBOX_DOCUMENTS: Final[tuple[type[OutboxDocument], ...]] = (
    Activity,
    Campaign,
    Crowd,
    Feedback,
    Notification,
    Order,
    Product,
    Reservation,
    Run,
    Task,
    Taste,
    User,
)
RELAY_SECONDS: Final = 40.0
# One relay at a time keeps a document's events in order; one that died holds up the next
# no longer than this.
LEASE_SECONDS: Final = 60.0


def relay_outbox() -> int:
    """Publish what is left in any outbox; return how many events.

    Raises:
        BrokerUnavailable: RabbitMQ cannot be reached; everything stays where it is.
    """
    with lease("outbox-relay", seconds=LEASE_SECONDS) as ours:
        if not ours:
            logger.info("another relay is at work")
            return 0
        return relay.relay_left_behind(OUTBOX_DOCUMENTS, seconds=RELAY_SECONDS)
