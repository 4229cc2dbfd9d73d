"""Take back notifications that may be sent already."""

from datetime import datetime

from tidings.delivery import inbox_signals, status
from tidings.delivery.inbox_signals import Changed
from tidings.delivery.models import Notification
from tidings.delivery.status import NotificationStatus
from tidings.notifications.cancelling import cancel_waiting, status_of_existing
from tidings.notifications.errors import NotificationNotFound
from tidings.platform import acts
from tidings.platform.logging import logger
from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role, require
from tidings.platform.timing.clock import now


@operation(
    role=Role.OPERATOR,
    services=True,
    refuses=(NotificationNotFound,),
    note="a service only what it sent",
)
def retract_notification(
    notification_id: str, *, caller: Principal, at: datetime | None = None
) -> NotificationStatus:
    """Take a notification back: it leaves the inbox, and what waits is cancelled. Safe to repeat.

    A delivery that is being sent now may arrive. If it fails instead, it is not tried again. What
    has left stays where it is: the status tells which deliveries these are.

    Raises:
        Forbidden: the caller is neither an operator nor a service.
        NotificationNotFound: it does not exist, or the calling service did not send it.
    """
    require(caller, Role.OPERATOR, services=True)
    moment = at or now()
    # Before the mark: an inbox that the release job fills in between is emptied by it.
    cancel_waiting(notification_id, caller, moment)
    there = Notification.objects(pk=notification_id, retracted_at=None)
    if there.update_one(set__retracted_at=moment, set__in_inbox=False):
        acts.changed({"retracted": False}, {"retracted": True})
        logger.info("notification retracted", notification_id=notification_id)
    status.forget([notification_id])
    retracted = status_of_existing(notification_id)
    # Also if it is repeated: the process may have died before the signal.
    inbox_signals.announce([Changed(retracted.user_id, notification_id)])
    return retracted
