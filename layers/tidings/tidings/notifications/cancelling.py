"""Calling off what was not sent yet."""

from datetime import datetime
from typing import Final

from tidings.notifications import status
from tidings.notifications.errors import NotificationNotFound, TooLateToCancel
from tidings.notifications.models import DeliveryStatus, Notification, SendRequest
from tidings.notifications.status import NotificationStatus
from tidings.platform.auth import Principal, Role, require
from tidings.platform.clock import now

CANCELLED: Final = DeliveryStatus.CANCELLED.value
STILL_HERE: Final = (DeliveryStatus.SCHEDULED, DeliveryStatus.QUEUED)


def cancel_notification(
    notification_id: str, *, caller: Principal, at: datetime | None = None
) -> NotificationStatus:
    """Call a notification off on every channel where it waits. Safe to repeat.

    Whether it is sent or called off is decided by who changes the delivery first; a command
    that finds it cancelled does nothing.

    Raises:
        Forbidden: the caller is neither an operator nor a service.
        NotificationNotFound: there is none, or the service did not send it.
        TooLateToCancel: nothing of it waits any more.
    """
    require(caller, Role.OPERATOR, services=True)
    notification = Notification.objects(pk=notification_id).only("deliveries").first()
    if notification is None or not _may_cancel(notification_id, caller):
        raise NotificationNotFound
    moment = at or now()
    for channel in notification.deliveries:
        status.record(
            notification_id, channel, DeliveryStatus.CANCELLED, at=moment, after=STILL_HERE
        )
    in_digest = Notification.objects(pk=notification_id, digest_due_at__ne=None)
    in_digest.filter(deliveries__email__status=CANCELLED).update_one(unset__digest_due_at=True)
    found = status.status_of(notification_id)
    if found is None:
        raise NotificationNotFound
    if not any(each.status == DeliveryStatus.CANCELLED for each in found.deliveries):
        raise TooLateToCancel
    return found


def _may_cancel(notification_id: str, caller: Principal) -> bool:
    if caller.role.includes(Role.OPERATOR):
        return True
    own = SendRequest.objects(notification_id=notification_id, sender_id=caller.user_id)
    return own.first() is not None
