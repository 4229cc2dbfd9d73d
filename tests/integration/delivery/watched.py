"""Notifications whose deliveries the tests read."""

from typing import Any

from tests.integration.notifications.builders import (
    some_content,
    the_notification,
)
from tidings.delivery.events import DeliverNotification
from tidings.delivery.models import Channel, Notification
from tidings.delivery.states import command_for
from tidings.notifications.creating import create_notifications
from tidings.platform.security.auth import Principal
from tidings.platform.timing.clock import now

EMAIL = frozenset({"email"})


def told(reader: Principal, **more: Any) -> Notification:
    create_notifications([reader.user_id], some_content(**({"channels": EMAIL} | more)))
    return the_notification(reader)


def command(notification: Notification, channel: str = "email") -> DeliverNotification:
    return command_for(notification, Channel(channel))


def report(kind: type, notification: Notification, **more: Any) -> Any:
    data = {
        "notification_id": notification.id,
        "channel": "email",
        "provider": "ses",
        "provider_message_id": "m-1",
        "at": now(),
    }
    return kind.model_validate({"subject": notification.id, "data": data | more})  # type: ignore[attr-defined]
