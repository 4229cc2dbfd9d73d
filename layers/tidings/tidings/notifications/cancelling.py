"""Cancel notifications that are not sent yet."""

from datetime import datetime
from typing import Final

from tidings.delivery import changes, states, status
from tidings.delivery.models import DeliveryStatus, Notification
from tidings.delivery.status import NotificationStatus
from tidings.notifications.errors import NotificationNotFound, TooLateToCancel
from tidings.notifications.queries import was_sent_by
from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role, require
from tidings.platform.timing.clock import now

CANCELLED: Final = DeliveryStatus.CANCELLED.value


@operation(
    role=Role.OPERATOR,
    services=True,
    refuses=(NotificationNotFound, TooLateToCancel),
    note="a service only what it sent",
)
def cancel_notification(
    notification_id: str, *, caller: Principal, at: datetime | None = None
) -> NotificationStatus:
    """Cancel a notification on every channel where it still waits. Safe to repeat.

    If a consumer sends it at the same time, the first change of the delivery wins. A delivery
    command that finds its delivery cancelled does nothing.

    Raises:
        Forbidden: the caller is neither an operator nor a service.
        NotificationNotFound: it does not exist, or the calling service did not send it.
        TooLateToCancel: nothing of it waited, so nothing was cancelled.
    """
    require(caller, Role.OPERATOR, services=True)
    cancel_waiting(notification_id, caller, at or now())
    found = status_of_existing(notification_id)
    if not any(each.status == DeliveryStatus.CANCELLED for each in found.deliveries):
        raise TooLateToCancel
    return found


def cancel_waiting(notification_id: str, caller: Principal, at: datetime) -> None:
    """Cancel the deliveries of a notification that wait.

    Raises:
        NotificationNotFound: it does not exist, or the calling service did not send it.
    """
    notification = Notification.objects(pk=notification_id).only("deliveries").first()
    if notification is None or not is_sender(notification_id, caller):
        raise NotificationNotFound
    for channel in notification.deliveries:
        changes.record(notification_id, channel, states.CANCEL, at=at)
    in_digest = Notification.objects(pk=notification_id, digest_due_at__ne=None)
    in_digest.filter(deliveries__email__status=CANCELLED).update_one(unset__digest_due_at=True)


def status_of_existing(notification_id: str) -> NotificationStatus:
    """Return the state of a notification.

    Raises:
        NotificationNotFound: it was erased meanwhile.
    """
    found = status.status_of(notification_id)
    if found is None:
        raise NotificationNotFound
    return found


def is_sender(notification_id: str, caller: Principal) -> bool:
    """Say whether a caller sent a notification, or is an operator, who may change all."""
    if caller.role.includes(Role.OPERATOR):
        return True
    return was_sent_by(notification_id, caller.user_id)
