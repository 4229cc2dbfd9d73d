"""Consumer of the queue `recommendations`: what people do becomes what they may like."""

from tidings.orders.events import (
    OrderCancelled,
    OrderConfirmed,
    OrderRejected,
    OrderStatusChanged,
)
from tidings.platform.consumer import consumer
from tidings.recommendations.events import ActivityBrowsed, ActivityPurchased
from tidings.recommendations.operations import Learned, learn
from tidings.users.events import UserDeleted


@consumer(
    ActivityPurchased,
    ActivityBrowsed,
    OrderConfirmed,
    OrderRejected,
    OrderCancelled,
    OrderStatusChanged,
    UserDeleted,
)
def handler(event: Learned) -> None:
    learn(event)
