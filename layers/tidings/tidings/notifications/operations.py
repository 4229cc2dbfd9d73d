"""What can be done with notifications."""

from tidings.notifications.errors import NotificationNotFound
from tidings.notifications.models import Notification
from tidings.notifications.rules import RULES, SILENT
from tidings.notifications.schemas import NotificationView
from tidings.notifications.telling import MAX_TOLD, tell
from tidings.platform.auth import Principal
from tidings.platform.clock import now
from tidings.platform.events import Event


def notify(event: Event) -> None:
    """Tell each person whom an event concerns what it has to say, once."""
    if type(event) in SILENT:
        return
    rule = RULES[type(event)]
    audience = rule.audience(event)
    for start in range(0, len(audience), MAX_TOLD):
        tell(audience[start : start + MAX_TOLD], rule.telling(event))


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
