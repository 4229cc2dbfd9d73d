"""A mail to an unverified address contains no text that was typed at the registration."""

import pytest

from tests.integration.notifications.builders import Provider
from tests.integration.users.people import mark_verified, new, stored_events
from tidings.delivery.delivering import deliver
from tidings.delivery.events import DeliverNotification
from tidings.delivery.models import Notification
from tidings.notifications.notifying import notify
from tidings.platform.messaging.events import Event
from tidings.users.events import (
    UserPasswordResetRequested,
    UserRegistered,
    UserVerificationRequested,
)
from tidings.users.models import User
from tidings.users.password_reset import request_password_reset
from tidings.users.registration import register_user, resend_verification
from tidings.users.schemas import RequestPasswordReset, ResendVerification

TYPED = "Urgent sign in to keep it"
ADDRESS = "victim@example.com"


def newest(event_class: type[Event]) -> Event:
    events = [each for each in stored_events() if each["type"] == event_class.event_type()]
    return event_class.model_validate(events[-1])


def the_mail(event: Event, provider: Provider) -> str:
    """Send a code by mail; return all text of its message."""
    notify(event)
    notification = Notification.objects.get(event_id=event.id)
    (entry,) = notification.outbox
    deliver(DeliverNotification.model_validate_json(entry.body))
    return str(provider.messages[-1].model_dump())


@pytest.mark.parametrize(
    "event_class", [UserRegistered, UserVerificationRequested, UserPasswordResetRequested]
)
@pytest.mark.parametrize("verified", [True, False])
def test_code_mail_names_verified_people_only(
    event_class: type[Event], verified: bool, provider: Provider
) -> None:
    register_user(new(ADDRESS, name=TYPED))
    resend_verification(ResendVerification(email=ADDRESS))
    request_password_reset(RequestPasswordReset(email=ADDRESS))
    event = newest(event_class)
    if verified:
        mark_verified(User.objects.get(email=ADDRESS))
    assert (TYPED in the_mail(event, provider)) is verified
