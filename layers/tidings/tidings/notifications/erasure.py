"""Forgetting a person: their notifications, with all that they say."""

from typing import Final

from tidings.notifications.models import Notification, SendRequest
from tidings.notifications.status import forget_fast
from tidings.platform.logging import logger

ROUND: Final = 1000


def forget(user_id: str) -> int:
    """Delete what a person was told, and how it was delivered; return how many there were.

    Requests to send go along: the digest of one is of what it said. Commands that wait in
    queues find nothing, and send nothing.
    """
    forgotten = 0
    while ids := list(Notification.objects(user_id=user_id).limit(ROUND).scalar("pk")):
        SendRequest.objects(notification_id__in=ids).delete()
        forgotten += Notification.objects(pk__in=ids).delete()
        forget_fast(ids)
    logger.info("notifications forgotten", user_id=user_id, notifications=forgotten)
    return forgotten
