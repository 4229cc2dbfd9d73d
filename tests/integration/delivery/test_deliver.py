"""A message is sent once, despite repetitions, failures and crashes, and its status is correct."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from delivery.deliver import handler

from tests.integration.builders import CONTEXT, Queues, a_reader, at_once
from tests.integration.delivery.servers import mails_by
from tests.integration.delivery.watched import command, report, told
from tests.integration.notifications.builders import (
    Provider,
    history,
    story,
    waiting,
    where,
)
from tidings.delivery import delivering
from tidings.delivery.delivering import deliver, outlook
from tidings.delivery.errors import (
    CircuitOpen,
    PermanentFailure,
    TemporaryFailure,
    Undeliverable,
)
from tidings.delivery.events import DeliverNotification, DeliverNotificationData, NotificationFailed
from tidings.delivery.forecasting import forecast
from tidings.delivery.models import DeliveryStatus, Notification
from tidings.delivery.planning import TOO_OLD_AFTER
from tidings.delivery.status import status_of
from tidings.notifications.notifying import notify
from tidings.platform.context import attempting
from tidings.platform.entry.consumer import RETRY_DELAYS_SECONDS
from tidings.platform.errors import NotYet
from tidings.platform.messaging import relay
from tidings.platform.messaging.forecast import Outcome
from tidings.platform.security.auth import Principal
from tidings.platform.storage import database
from tidings.platform.timing.clock import new_id, now
from tidings.users.models import User

SECOND = timedelta(seconds=1)


# ------------------------------------------------------------------- repetitions


def test_repeated_command_sends_nothing_more(provider: Provider) -> None:
    notification = told(a_reader())
    for _ in range(3):
        deliver(command(notification))
    assert len(provider.messages) == 1


def test_two_consumers_at_once_send_once(provider: Provider) -> None:
    notification = told(a_reader())

    def consume() -> str:
        try:
            deliver(command(notification))
        except NotYet:
            return "later"
        return "done"

    at_once([consume] * 6)
    assert len(provider.messages) == 1
    assert where(notification, "email")[0] == "sent"


def test_command_for_a_deleted_notification_sends_nothing(provider: Provider) -> None:
    data = DeliverNotificationData(notification_id=new_id(), channel="email")
    deliver(DeliverNotification(subject=data.notification_id, data=data))
    assert provider.messages == []


# ---------------------------------------------------------------------- failures


def test_provider_that_fails_three_times_and_then_works_delivers_once(
    queues: Queues, provider: Provider
) -> None:
    notification = told(a_reader())
    relay.publish_stored()
    provider.failures = [TemporaryFailure("throttled")] * 3
    message = queues.event_of("email.queue", queues.take("email.queue", 1))
    for _ in range(3):
        handler(message, CONTEXT)
        message = waiting(queues, "email.queue")
    handler(message, CONTEXT)
    assert len(provider.messages) == 1
    assert story(notification, "email") == [
        *("accepted", "queued", "sending", "queued", "sending"),
        *("queued", "sending", "queued", "sending", "sent"),
    ]
    status = status_of(notification.id)
    assert status is not None
    assert status.deliveries[0].attempts == 4
    assert [each.reason for each in status.deliveries[0].steps if each.reason] == ["throttled"] * 3
    assert queues.is_empty("failed-messages")


def test_provider_that_always_fails_ends_in_failed_messages_with_its_history(
    queues: Queues, provider: Provider
) -> None:
    notification = told(a_reader())
    relay.publish_stored()
    provider.failures = [TemporaryFailure("unavailable")] * 10
    message = queues.event_of("email.queue", queues.take("email.queue", 1))
    for _ in range(5):
        handler(message, CONTEXT)
        message = waiting(queues, "email.queue")
    handler(message, CONTEXT)
    (dead,) = queues.take("failed-messages", 1)
    assert len(history(dead)) == 6
    assert where(notification, "email")[:2] == ("failed", "unavailable")
    assert provider.messages == []


@pytest.mark.parametrize("failures", [[], [TemporaryFailure("throttled")]], ids=["sent", "failed"])
def test_slow_database_is_awaited_when_claim_and_outcome_are_recorded(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, failures: list[Exception]
) -> None:
    """A sent mail whose outcome took too long to record was once `unknown`."""
    waited: list[str] = []

    @contextmanager
    def patiently() -> Iterator[None]:
        before = where(notification, "email")[0]
        yield
        waited.extend((before, where(notification, "email")[0]))

    monkeypatch.setattr(database, "patiently", patiently)
    notification, provider.failures = told(a_reader()), list(failures)
    with attempting(last=True):
        try:
            deliver(command(notification))
        except TemporaryFailure:
            assert failures
    assert waited == ["queued", "sending", "sending", "failed" if failures else "sent"]


def test_redriven_message_is_sent_once(queues: Queues, provider: Provider) -> None:
    notification = told(a_reader())
    relay.publish_stored()
    provider.failures = [PermanentFailure("rejected")]
    handler(queues.event_of("email.queue", queues.take("email.queue", 1)), CONTEXT)
    again = queues.event_of("email.queue", queues.take("failed-messages", 1))
    assert outlook(command(notification)) == (DeliveryStatus.QUEUED, None, None)
    for _ in range(2):
        handler(again, CONTEXT)
    assert len(provider.messages) == 1
    assert story(notification, "email")[-3:] == ["failed", "sending", "sent"]
    assert outlook(command(notification)).status is DeliveryStatus.SENT
    assert forecast(command(notification), renders=True).outcome is Outcome.ALREADY_DELIVERED


def test_outlook_has_the_reason_and_changes_nothing(provider: Provider) -> None:
    reader = a_reader()
    notification = told(reader)
    before = Notification.objects.get(pk=notification.id)
    assert forecast(command(notification), renders=True).outcome is Outcome.WOULD_SEND
    late = outlook(command(notification), now() + TOO_OLD_AFTER + SECOND)
    assert late == (DeliveryStatus.SUPPRESSED, "too old", None)
    User.objects(pk=reader.user_id).update_one(set__preferences={"orders": {"email": False}})
    assert outlook(command(notification)).reason == "preferences"
    assert forecast(command(notification), renders=True).outcome is Outcome.SUPPRESSED
    assert Notification.objects.get(pk=notification.id).to_mongo() == before.to_mongo()
    before.delete()
    assert outlook(command(notification)).reason == delivering.GONE


def test_bounced_mail_is_not_sent_again(provider: Provider) -> None:
    from tidings.delivery.events import NotificationFailed

    notification = told(a_reader())
    deliver(command(notification))
    notify(report(NotificationFailed, notification, reason="hard_bounce"))
    deliver(command(notification))
    assert len(provider.messages) == 1
    assert where(notification, "email")[:2] == ("failed", "hard_bounce")


def test_permanent_failure_is_not_retried(queues: Queues, provider: Provider) -> None:
    notification = told(a_reader())
    relay.publish_stored()
    provider.failures = [PermanentFailure("rejected")]
    handler(queues.event_of("email.queue", queues.take("email.queue", 1)), CONTEXT)
    (dead,) = queues.take("failed-messages", 1)
    assert len(history(dead)) == 1
    assert where(notification, "email")[:2] == ("failed", "rejected")
    assert queues.is_empty("notifications")


# ------------------------------------------------------ failures caused by the recipient


def failed_events(queues: Queues) -> list[dict[str, Any]]:
    return [each.event["data"] for each in queues.take_all("notifications")]


@pytest.mark.parametrize("way", ["email", "push", "sms", "webhook"])
def test_unreachable_address_is_a_failed_delivery_and_no_dead_letter(
    queues: Queues, provider: Provider, way: str
) -> None:
    notification = told(a_reader_by(way), channels=frozenset({way}))
    relay.publish_stored()
    provider.failures = [Undeliverable("bad_address")]
    queue = f"{way}.queue"
    command = queues.event_of(queue, queues.take(queue, 1))
    for _ in range(2):
        handler(command, CONTEXT)
    assert where(notification, way)[:2] == ("failed", "bad_address")
    assert story(notification, way)[-2:] == ["sending", "failed"]
    (said,) = failed_events(queues)
    assert (said["channel"], said["reason"]) == (way, "bad_address")
    assert said["notification_id"] == notification.id
    assert queues.is_empty("failed-messages")
    assert provider.messages == []


def test_unavailable_server_of_a_recipient_is_a_failed_delivery_at_last(
    queues: Queues, provider: Provider
) -> None:
    notification = told(a_reader_by("webhook"), channels=frozenset({"webhook"}))
    relay.publish_stored()
    provider.failures = [TemporaryFailure("unresolved", of_recipient=True) for _ in range(9)]
    message = queues.event_of("webhook.queue", queues.take("webhook.queue", 1))
    for _ in RETRY_DELAYS_SECONDS:
        handler(message, CONTEXT)
        message = waiting(queues, "webhook.queue")
    handler(message, CONTEXT)
    assert where(notification, "webhook")[:2] == ("failed", "unresolved")
    assert [each["reason"] for each in failed_events(queues)] == ["unresolved"]
    assert queues.is_empty("failed-messages")


def test_report_of_a_delivery_that_failed_before_changes_nothing(provider: Provider) -> None:
    notification = told(a_reader())
    provider.failures = [Undeliverable("bad_address")]
    deliver(command(notification))
    before = Notification.objects.get(pk=notification.id)
    (entry,) = [each for each in before.outbox if each.type == "notification.failed"]
    notify(NotificationFailed.model_validate_json(entry.body))
    assert Notification.objects.get(pk=notification.id).to_mongo() == before.to_mongo()


def test_invalid_address_of_an_old_account_makes_no_dead_letters(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    mails_by(monkeypatch, "smtp://127.0.0.1:9")
    reader = a_reader()
    User.objects(pk=reader.user_id).update_one(set__email="ü@example.com")
    notification = told(reader)
    relay.publish_stored()
    handler(queues.event_of("email.queue", queues.take("email.queue", 1)), CONTEXT)
    assert where(notification, "email")[:2] == ("failed", "bad_address")
    assert queues.is_empty("failed-messages")


def a_reader_by(channel: str) -> Principal:
    """Return a person with an address on this channel."""
    reader = a_reader(orders={channel: True})
    User.objects(pk=reader.user_id).update_one(
        set__phone="+4917012345678",
        set__phone_verified_at=now(),
        set__webhook_url="https://a.example/",
        set__webhook_id="hook-1",
    )
    return reader


def test_open_circuit_counts_no_attempt(queues: Queues, provider: Provider) -> None:
    notification = told(a_reader())
    relay.publish_stored()
    message = queues.event_of("email.queue", queues.take("email.queue", 1))
    for _ in range(8):
        provider.failures = [CircuitOpen("ses", 20.0)]
        handler(message, CONTEXT)
        message = waiting(queues, "email.queue")
    handler(message, CONTEXT)
    assert len(provider.messages) == 1
    assert where(notification, "email")[0] == "sent"


def test_message_that_may_have_been_sent_is_not_sent_again(provider: Provider) -> None:
    notification = told(a_reader())
    provider.failures = [TemporaryFailure("timeout", maybe_sent=True)]
    with pytest.raises(TemporaryFailure):
        deliver(command(notification))
    deliver(command(notification))
    assert provider.messages == []
    assert where(notification, "email")[0] == "unknown"


def test_message_that_cannot_be_rendered_fails_for_good(provider: Provider) -> None:
    notification = told(a_reader())
    Notification.objects(pk=notification.id).update_one(set__variables={})
    with pytest.raises(Exception, match="order_id"):
        deliver(command(notification))
    assert where(notification, "email")[0] == "failed"
    assert provider.messages == []
