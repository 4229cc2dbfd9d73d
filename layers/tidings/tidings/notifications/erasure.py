"""Erase a person's notifications."""

from typing import Final

from tidings.delivery import status
from tidings.delivery.models import Notification
from tidings.notifications.models import SendRequest
from tidings.platform.logging import logger

ROUND: Final = 250


def forget(user_id: str) -> int:
    """Delete a person's notifications and their deliveries; return the number of notifications.

    Send requests are deleted, too, because their digest is computed from the content. Delivery
    commands that still wait in queues find no notification and send nothing.
    """
    forgotten = 0
    while ids := list(Notification.objects(user_id=user_id).limit(ROUND).scalar("pk")):
        SendRequest.objects(notification_id__in=ids).delete()
        forgotten += Notification.objects(pk__in=ids).delete()
        status.forget(ids)
    logger.info("erasure: notifications deleted", user_id=user_id, notifications=forgotten)
    return forgotten
