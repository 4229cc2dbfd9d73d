"""Consumer of the queue `recommendations`: counts activities and computes lists.

- activity.purchased: counts the purchase and computes the person's list
- activity.browsed: counts the views and computes the person's list
- order.confirmed: stores the order as a purchase
- order.rejected: removes the order's purchase
- order.cancelled: removes the order's purchase
- order.status_changed: removes the purchase of a returned order
- user.deleted: erases the person's activities and list
"""

from tidings.orders.events import (
    OrderCancelled,
    OrderConfirmed,
    OrderRejected,
    OrderStatusChanged,
)
from tidings.platform.entry.consumer import consumer
from tidings.recommendations.events import ActivityBrowsed, ActivityPurchased
from tidings.recommendations.operations import Learned, learn, learn_together
from tidings.users.events import UserDeleted


@consumer(
    ActivityPurchased,
    ActivityBrowsed,
    OrderConfirmed,
    OrderRejected,
    OrderCancelled,
    OrderStatusChanged,
    UserDeleted,
    together=learn_together,
)
def handler(event: Learned) -> None:
    learn(event)
