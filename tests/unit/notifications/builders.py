"""Builders of people with preferences, for unit tests of notifications."""

from datetime import UTC, datetime
from typing import Any

from tidings.users.contacts import Contact, PushDevice
from tidings.users.preferences import Preferences
from tidings.users.push_platforms import PushPlatform

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def a_contact(
    *,
    verified: bool = True,
    devices: int = 1,
    phone: str | None = None,
    phone_verified: bool = True,
    **preferences: Any,
) -> Contact:
    return Contact(
        user_id="person-1",
        email="ada@example.com",
        email_verified=verified,
        name="Ada",
        phone=phone,
        phone_verified=phone is not None and phone_verified,
        webhook_url=None,
        webhook_id=None,
        devices=tuple(
            PushDevice(platform=PushPlatform.IOS, token=f"token-{number}")
            for number in range(devices)
        ),
        preferences=Preferences.of(preferences),
    )
