"""What can be done with notifications."""

from tidings.delivery.events import NotificationDelivered, NotificationFailed
from tidings.notifications import following, status
from tidings.notifications.erasure import forget
from tidings.notifications.rules import RULES, SILENT, Rule
from tidings.notifications.telling import MAX_TOLD, tell
from tidings.platform.events import Event
from tidings.products.events import ProductBackInStock, ProductPriceDropped
from tidings.users.events import UserDeleted


def notify(event: Event) -> None:
    """Tell each person whom an event concerns what it has to say, once.

    What providers report of a message goes into its story instead, and who deleted their
    account is forgotten.
    """
    match event:
        case NotificationDelivered(data=data):
            status.record_arrival(
                data.notification_id, data.channel, at=data.at, provider=data.provider
            )
        case NotificationFailed(data=data):
            status.record_return(
                data.notification_id,
                data.channel,
                at=data.at,
                provider=data.provider,
                reason=data.reason,
            )
        case UserDeleted(data=data):
            forget(data.user_id)
        case ProductBackInStock() | ProductPriceDropped():
            following.begin(event)
        case _ if type(event) not in SILENT:
            _tell(event, RULES[type(event)])


def _tell(event: Event, rule: Rule) -> None:
    audience = rule.audience(event)
    for start in range(0, len(audience), MAX_TOLD):
        tell(
            audience[start : start + MAX_TOLD],
            rule.telling(event),
            one_of_many=len(audience) > MAX_TOLD,
        )
