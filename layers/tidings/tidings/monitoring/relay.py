"""The relay of events that crashes left in the outboxes."""

from typing import Final

from tidings.campaigns.models import Campaign
from tidings.delivery.models import Feedback, Notification
from tidings.monitoring.leases import lease
from tidings.notifications.models import FollowedEvent
from tidings.orders.models import Basket, Order
from tidings.platform.logging import logger
from tidings.platform.messaging import relay
from tidings.platform.messaging.outbox import OutboxDocument
from tidings.products.models import Product, Reservation
from tidings.recommendations.models import Activity, CustomerProfile, Run
from tidings.tasks.models import Task
from tidings.users.models import CodeRequest, Guest, User

# The only list of all documents with an outbox; a test finds missing ones.
OUTBOX_DOCUMENTS: Final[tuple[type[OutboxDocument], ...]] = (
    Activity,
    Basket,
    Campaign,
    CodeRequest,
    FollowedEvent,
    Feedback,
    Guest,
    Notification,
    Order,
    Product,
    Reservation,
    Run,
    Task,
    CustomerProfile,
    User,
)
RELAY_SECONDS: Final = 40.0
# A single relay keeps a document's events in order. A relay that died blocks the next for at most
# this time; one that works renews its lease for each collection.
LEASE_SECONDS: Final = 20.0


def relay_outbox() -> int:
    """Publish events left in any outbox; return their number.

    Raises:
        BrokerUnavailable: RabbitMQ is unreachable; events stay in the outboxes.
    """
    with lease("outbox-relay", seconds=LEASE_SECONDS) as ours:
        if ours is None:
            logger.info("outbox relay skipped: another run holds the lease")
            return 0
        return relay.relay_left_behind(OUTBOX_DOCUMENTS, seconds=RELAY_SECONDS, goes_on=ours.renew)
