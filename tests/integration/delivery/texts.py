"""People who get text messages, and their messages."""

from typing import Any

import pytest

from tests.integration.builders import a_reader
from tests.integration.notifications.builders import some_content, the_notification
from tidings.delivery import sms_limits
from tidings.delivery.delivering import deliver
from tidings.delivery.events import DeliverNotification
from tidings.delivery.models import Channel, Notification
from tidings.delivery.states import command_for
from tidings.notifications.creating import create_notifications
from tidings.notifications.notifying import notify
from tidings.platform import settings
from tidings.platform.security.auth import Principal
from tidings.platform.timing.clock import now
from tidings.users.events import (
    UserPhoneVerificationRequested,
    UserPhoneVerificationRequestedData,
)
from tidings.users.models import User

PHONE = "+491701234567"


def a_texted_reader(phone: str = PHONE, *, verified: bool = True) -> Principal:
    """Return a person who wants text messages about orders."""
    reader = a_reader(devices=0, orders={"sms": True, "email": False})
    values: dict[str, Any] = {"set__phone": phone, "set__phone_check": "check"}
    if verified:
        values["set__phone_verified_at"] = now()
    User.objects(pk=reader.user_id).update_one(**values)
    return reader


def text(reader: Principal) -> Notification:
    """Create a notification by text message, and deliver it."""
    told = create_notifications([reader.user_id], some_content(channels=frozenset({"sms"})))[
        reader.user_id
    ]
    notification: Notification = Notification.objects.get(pk=told.notification_id)
    if notification.deliveries["sms"].status == "queued":
        deliver(command_for(notification, Channel.SMS))
    return notification


def a_code(reader: Principal) -> DeliverNotification:
    """Announce a code for a phone; return the command that sends it."""
    data = UserPhoneVerificationRequestedData(
        user_id=reader.user_id,
        check="check",
        phone_code="5HX28RWN",
        code_expires_at=now().replace(year=2099),
    )
    notify(UserPhoneVerificationRequested(subject=reader.user_id, data=data))
    (entry,) = the_notification(reader).outbox
    return DeliverNotification.model_validate_json(entry.body)


def limited(monkeypatch: pytest.MonkeyPatch, **few: int) -> None:
    changed = settings.settings().model_copy(update=few)
    monkeypatch.setattr(sms_limits, "settings", lambda: changed)
