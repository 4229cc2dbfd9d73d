"""What can be done with notifications."""

from tidings.delivery.events import NotificationDelivered, NotificationFailed
from tidings.notifications import status
from tidings.notifications.errors import NotificationNotFound
from tidings.notifications.models import Notification
from tidings.notifications.rules import RULES, SILENT, Rule
from tidings.notifications.schemas import NotificationView
from tidings.notifications.telling import MAX_TOLD, tell
from tidings.platform.auth import Principal
from tidings.platform.clock import now
from tidings.platform.events import Event


def notify(event: Event) -> None:
    """Tell each person whom an event concerns what it has to say, once.

    What providers report of a message goes into its story instead.
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
        case _ if type(event) not in SILENT:
            _tell(event, RULES[type(event)])


def mark_notification_read(notification_id: str, *, caller: Principal) -> NotificationView:
    """Note that its reader has read a notification; the first time counts.

    Raises:
        NotificationNotFound: there is none, or it is somebody else's.
    """
    mine = Notification.objects(pk=notification_id, user_id=caller.user_id)
    mine.filter(read_at=None).update_one(set__read_at=now())
    notification = mine.first()
    if notification is None:
        raise NotificationNotFound
    return NotificationView.model_validate(notification)


def _tell(event: Event, rule: Rule) -> None:
    audience = rule.audience(event)
    for start in range(0, len(audience), MAX_TOLD):
        tell(audience[start : start + MAX_TOLD], rule.telling(event))
