"""Every event with a notification, repeated often, notifies once on each channel."""

from functools import partial
from pathlib import Path

import pytest

from tests.integration.builders import an_address, at_once
from tests.integration.notifications.builders import Provider
from tidings.delivery.delivering import deliver
from tidings.delivery.events import DeliverNotification
from tidings.delivery.models import Notification
from tidings.notifications.notifying import notify
from tidings.notifications.rules import RULES, SILENT
from tidings.platform.errors import NotYet
from tidings.platform.messaging.events import Event
from tidings.platform.security.auth import Role
from tidings.platform.timing.clock import now
from tidings.users.models import PushToken, User

SAMPLES = Path(__file__).parents[3] / "events" / "samples"
TOLD_IN_CHUNKS = {"product.back_in_stock", "product.price_dropped"}
# The person of the sample.
PHONE_CHECK = "9a1f0c2d4e8b7a6c5f3e1d20"
CHOSEN = {
    "tasks": {"email": True},
    "promotions": {"email": True, "push": True},
    "recommendations": {"email": True, "push": True},
    "language": "de",
}


def sample(event_class: type[Event]) -> Event:
    """Return the sample of an event, with a code that has not expired."""
    text = (SAMPLES / f"{event_class.event_type()}.json").read_text()
    event = event_class.model_validate_json(text)
    if "code_expires_at" not in type(event.data).model_fields:
        return event
    data = event.data.model_copy(update={"code_expires_at": now().replace(year=2099)})
    return event.model_copy(update={"data": data})


def with_accounts(event: Event) -> set[str]:
    """Create the accounts of an event and an operator; return all of them."""
    fields = ("customer_id", "user_id", "assignee_id")
    ids = {value for name in fields if (value := getattr(event.data, name, None))}
    for user_id in ids:
        _account(id=user_id, role=Role.CUSTOMER.value)
    return ids | {_account(role=Role.OPERATOR.value)}


def _account(**values: str) -> str:
    user = User(
        email=an_address(),
        name="Ada",
        password_hash="-",
        verified_at=now(),
        preferences=CHOSEN,
        phone="+491701234567",
        phone_check=PHONE_CHECK,
        **values,
    ).save(force_insert=True)
    PushToken(user_id=user.id, platform="ios", token=user.id, token_hash=user.id).save()
    return str(user.id)


@pytest.mark.parametrize("event_class", RULES, ids=lambda each: each.event_type())
def test_repeated_event_and_commands_notify_once(
    event_class: type[Event], provider: Provider
) -> None:
    event = sample(event_class)
    people = with_accounts(event)
    for _ in range(2):
        at_once([partial(notify, event)] * 3)
    told = list(Notification.objects)
    assert len(told) == (0 if event.type in TOLD_IN_CHUNKS else 1)
    for notification in told:
        assert notification.user_id in people
        assert notification.correlation_id == event.correlationid
        commands = [
            DeliverNotification.model_validate_json(entry.body) for entry in notification.outbox
        ]
        assert {each.data.channel for each in commands} == {
            channel for channel, each in notification.deliveries.items() if channel != "inbox"
        }
        at_once([partial(_deliver, command) for command in commands * 3])
    assert not [times for times in provider.count.values() if times != 1]
    assert len(provider.messages) == sum(
        len(each.deliveries) - ("inbox" in each.deliveries) for each in told
    )


def _deliver(command: DeliverNotification) -> None:
    try:
        deliver(command)
    except NotYet:
        return


@pytest.mark.parametrize("event_class", sorted(SILENT, key=str), ids=lambda each: each.event_type())
def test_silent_events_notify_nobody(event_class: type[Event], provider: Provider) -> None:
    event = sample(event_class)
    with_accounts(event)
    notify(event)
    assert Notification.objects.count() == 0
    assert provider.messages == []
