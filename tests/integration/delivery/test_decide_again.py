"""The preferences at the time of sending decide, not those at the time of storing."""

from datetime import timedelta

from tests.integration.builders import a_reader, change_account
from tests.integration.delivery.watched import command, told
from tests.integration.notifications.builders import (
    Provider,
    some_content,
    where,
)
from tidings.delivery.delivering import deliver
from tidings.delivery.models import Notification
from tidings.delivery.planning import TOO_OLD_AFTER
from tidings.delivery.suppression import suppress
from tidings.notifications.creating import create_notifications
from tidings.platform.timing.clock import now
from tidings.users.models import PushToken, User
from tidings.users.operations import delete_account

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def test_channel_switched_off_meanwhile_is_not_used(provider: Provider) -> None:
    reader = a_reader()
    notification = told(reader)
    change_account(reader.user_id, set__preferences={"orders": {"email": False}})
    deliver(command(notification))
    assert where(notification, "email")[:2] == ("suppressed", "preferences")
    assert provider.messages == []


def test_suppressed_address_gets_nothing(provider: Provider) -> None:
    reader = a_reader()
    notification = told(reader)
    suppress(User.objects.get(pk=reader.user_id).email, "hard_bounce")
    deliver(command(notification))
    assert where(notification, "email")[:2] == ("suppressed", "hard_bounce")
    assert provider.messages == []


def test_deleted_account_gets_nothing(provider: Provider) -> None:
    reader = a_reader()
    notification = told(reader)
    delete_account(reader.user_id, caller=reader)
    deliver(command(notification))
    assert where(notification, "email")[:2] == ("suppressed", "no account")
    assert create_notifications([reader.user_id], some_content()) == {}
    assert provider.messages == []


def test_expired_message_is_not_sent(provider: Provider) -> None:
    at, notification = now(), told(a_reader())
    deliver(command(notification), at + TOO_OLD_AFTER + SECOND)
    assert where(notification, "email")[:2] == ("suppressed", "too old")
    assert provider.messages == []


def test_quiet_hours_that_began_meanwhile_hold_it_back(provider: Provider) -> None:
    reader = a_reader()
    notification = told(reader)
    quiet = {"start": "22:00", "end": "07:00"}
    change_account(reader.user_id, set__preferences={"quiet_hours": quiet})
    midnight = now().replace(hour=23, minute=30)
    deliver(command(notification), midnight)
    status, reason, due_at = where(notification, "email")
    assert (status, reason) == ("scheduled", "quiet_hours")
    assert Notification.objects.get(pk=notification.id).next_due_at == due_at
    assert provider.messages == []


def test_expired_message_does_not_wait_for_the_morning(provider: Provider) -> None:
    reader = a_reader()
    notification = told(reader)
    quiet = {"start": "22:00", "end": "07:00"}
    change_account(reader.user_id, set__preferences={"quiet_hours": quiet})
    deliver(command(notification), now().replace(hour=23, minute=30) + TOO_OLD_AFTER + DAY)
    assert where(notification, "email")[:2] == ("suppressed", "too old")
    assert provider.messages == []


def test_push_goes_to_the_current_devices(provider: Provider) -> None:
    reader = a_reader()
    notification = told(reader, channels=frozenset({"push"}))
    PushToken.objects(user_id=reader.user_id).update(set__token="a-new-one")
    deliver(command(notification, "push"))
    (message,) = provider.messages
    assert [each.token for each in message.address.devices] == ["a-new-one"]
    assert message.data["notification_id"] == notification.id
