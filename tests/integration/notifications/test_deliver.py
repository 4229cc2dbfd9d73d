"""A message goes out once, whatever is repeated, fails or dies, and its status says how."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from notifications.deliver_email import handler as deliver_email
from pymongo.errors import AutoReconnect

from tests.integration.builders import CONTEXT, Queues, a_reader, at_once
from tests.integration.notifications.builders import (
    Provider,
    a_telling,
    history,
    story,
    the_notification,
    waiting,
    where,
)
from tidings.delivery import channels
from tidings.delivery.errors import CircuitOpen, PermanentFailure, TemporaryFailure
from tidings.delivery.schemas import OutgoingMessage, Receipt
from tidings.delivery.suppression import suppress
from tidings.notifications import claims, delivering, status
from tidings.notifications.claims import DIED, LEASE, settle_lost_claims
from tidings.notifications.delivering import TOO_OLD_AFTER, deliver, outlook
from tidings.notifications.events import DeliverNotification, DeliverNotificationData
from tidings.notifications.forecasting import forecast
from tidings.notifications.models import Channel, DeliveryStatus, Notification
from tidings.notifications.operations import notify
from tidings.notifications.releasing import release_due_notifications
from tidings.notifications.status import status_of
from tidings.notifications.telling import command_for, tell
from tidings.platform import database, relay
from tidings.platform.auth import Principal
from tidings.platform.clock import new_id, now
from tidings.platform.context import attempting
from tidings.platform.errors import NotYet
from tidings.platform.forecast import Outcome
from tidings.users.models import PushToken, User
from tidings.users.operations import delete_account

EMAIL = frozenset({"email"})
LOST = AutoReconnect("the answer was lost")
SECOND = timedelta(seconds=1)


def told(reader: Principal, **more: Any) -> Notification:
    tell([reader.user_id], a_telling(**({"channels": EMAIL} | more)))
    return the_notification(reader)


def command(notification: Notification, channel: str = "email") -> DeliverNotification:
    return command_for(notification, Channel(channel))


# -------------------------------------------------------------------------- once


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


def test_command_for_what_is_gone_sends_nothing(provider: Provider) -> None:
    data = DeliverNotificationData(notification_id=new_id(), channel="email")
    deliver(DeliverNotification(subject=data.notification_id, data=data))
    assert provider.messages == []


# ----------------------------------------------------------------------- failing


def test_provider_that_fails_three_times_and_then_works_delivers_once(
    queues: Queues, provider: Provider
) -> None:
    notification = told(a_reader())
    relay.publish_stored()
    provider.failures = [TemporaryFailure("throttled")] * 3
    message = queues.event_of("email.queue", queues.take("email.queue", 1))
    for _ in range(3):
        deliver_email(message, CONTEXT)
        message = waiting(queues, "email.queue")
    deliver_email(message, CONTEXT)
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
        deliver_email(message, CONTEXT)
        message = waiting(queues, "email.queue")
    deliver_email(message, CONTEXT)
    (dead,) = queues.take("failed-messages", 1)
    assert len(history(dead)) == 6
    assert where(notification, "email")[:2] == ("failed", "unavailable")
    assert provider.messages == []


@pytest.mark.parametrize("failures", [[], [TemporaryFailure("throttled")]], ids=["sent", "failed"])
def test_slow_database_is_waited_for_when_claim_and_outcome_are_recorded(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, failures: list[Exception]
) -> None:
    """A mail that was sent, and whose sending took too long to record, was `unknown`."""
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


def test_message_that_is_sent_back_from_failed_messages_goes_out_once(
    queues: Queues, provider: Provider
) -> None:
    notification = told(a_reader())
    relay.publish_stored()
    provider.failures = [PermanentFailure("rejected")]
    deliver_email(queues.event_of("email.queue", queues.take("email.queue", 1)), CONTEXT)
    again = queues.event_of("email.queue", queues.take("failed-messages", 1))
    assert outlook(command(notification)) == (DeliveryStatus.QUEUED, None, None)
    for _ in range(2):
        deliver_email(again, CONTEXT)
    assert len(provider.messages) == 1
    assert story(notification, "email")[-3:] == ["failed", "sending", "sent"]
    assert outlook(command(notification)).status is DeliveryStatus.SENT
    assert forecast(command(notification)).outcome is Outcome.ALREADY_DELIVERED


def test_outlook_says_why_it_would_not_be_sent_and_changes_nothing(provider: Provider) -> None:
    reader = a_reader()
    notification = told(reader)
    before = Notification.objects.get(pk=notification.id)
    assert forecast(command(notification)).outcome is Outcome.WOULD_SEND
    late = outlook(command(notification), now() + TOO_OLD_AFTER + SECOND)
    assert late == (DeliveryStatus.SUPPRESSED, "too old", None)
    User.objects(pk=reader.user_id).update_one(set__preferences={"orders": {"email": False}})
    assert outlook(command(notification)).reason == "preferences"
    assert forecast(command(notification)).outcome is Outcome.SUPPRESSED
    assert Notification.objects.get(pk=notification.id).to_mongo() == before.to_mongo()
    before.delete()
    assert outlook(command(notification)).reason == delivering.GONE


def test_mail_that_bounced_is_not_sent_again(provider: Provider) -> None:
    from tidings.delivery.events import NotificationFailed

    notification = told(a_reader())
    deliver(command(notification))
    notify(report(NotificationFailed, notification, reason="hard_bounce"))
    deliver(command(notification))
    assert len(provider.messages) == 1
    assert where(notification, "email")[:2] == ("failed", "hard_bounce")


def test_permanent_failure_is_not_tried_again(queues: Queues, provider: Provider) -> None:
    notification = told(a_reader())
    relay.publish_stored()
    provider.failures = [PermanentFailure("bad_address")]
    deliver_email(queues.event_of("email.queue", queues.take("email.queue", 1)), CONTEXT)
    (dead,) = queues.take("failed-messages", 1)
    assert len(history(dead)) == 1
    assert where(notification, "email")[:2] == ("failed", "bad_address")


def test_open_circuit_costs_no_attempt(queues: Queues, provider: Provider) -> None:
    notification = told(a_reader())
    relay.publish_stored()
    message = queues.event_of("email.queue", queues.take("email.queue", 1))
    for _ in range(8):
        provider.failures = [CircuitOpen("ses", 20.0)]
        deliver_email(message, CONTEXT)
        message = waiting(queues, "email.queue")
    deliver_email(message, CONTEXT)
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


def test_message_that_cannot_be_worded_fails_for_good(provider: Provider) -> None:
    notification = told(a_reader())
    Notification.objects(pk=notification.id).update_one(set__variables={})
    with pytest.raises(Exception, match="order_id"):
        deliver(command(notification))
    assert where(notification, "email")[0] == "failed"
    assert provider.messages == []


# ------------------------------------------------------------------ dying between


class Killed(BaseException):
    """As a kill -9: nothing runs after it."""


def die_after_sending(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    def send_and_die(message: OutgoingMessage) -> Receipt:
        provider.messages.append(message)
        raise Killed

    monkeypatch.setattr(channels, "deliver", send_and_die)


def test_process_that_died_between_sending_and_recording_leaves_an_unknown(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, notification = now(), told(a_reader())
    with monkeypatch.context() as patch:
        die_after_sending(provider, patch)
        with pytest.raises(Killed):
            deliver(command(notification), at)
    with pytest.raises(NotYet):
        deliver(command(notification), at + LEASE - SECOND)
    deliver(command(notification), at + LEASE)
    assert where(notification, "email")[:2] == ("unknown", DIED)
    deliver(command(notification), at + LEASE + SECOND)
    assert len(provider.messages) == 1


def test_channel_that_tells_repetitions_is_sent_again(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = a_reader(orders={"webhook": True})
    User.objects(pk=reader.user_id).update(
        set__webhook_url="https://example.com/hook", set__webhook_id="hook-1"
    )
    at, notification = now(), told(reader, channels=frozenset({"webhook"}))
    with monkeypatch.context() as patch:
        die_after_sending(provider, patch)
        with pytest.raises(Killed):
            deliver(command(notification, "webhook"), at)
    at_once([partial(_quietly, command(notification, "webhook"), at + LEASE)] * 4)
    assert len(provider.messages) == 2
    assert where(notification, "webhook")[0] == "sent"


# ----------------------------------------------------- a database that does not answer


@pytest.fixture
def unanswered(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Let MongoDB not answer when a step is recorded, once, whether it took it or not."""

    def once(step: DeliveryStatus, *, taken: bool, answer: Exception | None = LOST) -> None:
        honest = status.record

        def record(
            notification_id: str, channel: str, reached: DeliveryStatus, **more: Any
        ) -> Notification | None:
            if reached is not step:
                return honest(notification_id, channel, reached, **more)
            monkeypatch.setattr(status, "record", honest)
            if taken:
                honest(notification_id, channel, reached, **more)
            if answer is not None:
                raise answer
            return None

        monkeypatch.setattr(status, "record", record)

    yield once
    claims._in_mind.clear()


@pytest.mark.parametrize("taken", [True, False])
@pytest.mark.parametrize("step", [DeliveryStatus.SENDING, DeliveryStatus.SENT])
def test_mail_is_sent_once_and_said_to_be_where_the_database_did_not_answer(
    provider: Provider, unanswered: Callable[..., None], step: DeliveryStatus, taken: bool
) -> None:
    """Whoever lives knows whether they sent: nothing of it is `unknown`."""
    notification = told(a_reader())
    unanswered(step, taken=taken)
    with pytest.raises(AutoReconnect):
        deliver(command(notification))
    for _ in range(2):
        deliver(command(notification))
    assert len(provider.messages) == 1
    assert where(notification, "email")[0] == "sent"
    assert status_of(notification.id).deliveries[0].provider_message_id == "m-1"  # type: ignore[union-attr]


@pytest.mark.parametrize("taken", [True, False])
def test_refused_mail_is_sent_again_where_the_refusal_was_not_recorded(
    provider: Provider, unanswered: Callable[..., None], taken: bool
) -> None:
    notification = told(a_reader())
    provider.failures = [TemporaryFailure("throttled")]
    unanswered(DeliveryStatus.QUEUED, taken=taken)
    with pytest.raises(AutoReconnect):
        deliver(command(notification))
    deliver(command(notification))
    assert len(provider.messages) == 1
    assert where(notification, "email")[0] == "sent"


def test_what_may_have_been_sent_and_was_not_recorded_is_not_sent_again(
    provider: Provider, unanswered: Callable[..., None]
) -> None:
    at, notification = now(), told(a_reader())
    provider.failures = [TemporaryFailure("timeout", maybe_sent=True)]
    unanswered(DeliveryStatus.UNKNOWN, taken=False)
    with pytest.raises(AutoReconnect):
        deliver(command(notification), at)
    with pytest.raises(NotYet):
        deliver(command(notification), at)
    deliver(command(notification), at + LEASE)
    assert (provider.messages, where(notification, "email")[0]) == ([], "unknown")


def test_claim_that_the_driver_made_twice_is_ours(
    provider: Provider, unanswered: Callable[..., None]
) -> None:
    """A MongoDB that was restarted between the two does not know that it took the first."""
    notification = told(a_reader())
    unanswered(DeliveryStatus.SENDING, taken=True, answer=None)
    deliver(command(notification))
    assert len(provider.messages) == 1
    assert where(notification, "email")[0] == "sent"


def test_claim_of_another_process_is_waited_for(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose command is acknowledged cannot look after a process that dies."""
    notification = told(a_reader())
    prepare = delivering._prepare

    def another_is_faster(*arguments: Any) -> Any:
        place = "deliveries.email"
        change = {f"{place}.status": "sending", f"{place}.claimed_at": now()}
        Notification._get_collection().update_one({"_id": notification.id}, {"$set": change})
        return prepare(*arguments)

    monkeypatch.setattr(delivering, "_prepare", another_is_faster)
    with pytest.raises(NotYet):
        deliver(command(notification))
    assert provider.messages == []


def claimed_and_lost(channel: str, at: datetime) -> Notification:
    """Return what a process died with; no command of it comes again."""
    reader = a_reader(orders={"webhook": True})
    User.objects(pk=reader.user_id).update(
        set__webhook_url="https://example.com/hook", set__webhook_id="hook-1"
    )
    notification = told(reader, channels=frozenset({channel}))
    place = f"deliveries.{channel}"
    change = {f"{place}.status": "sending", f"{place}.claimed_at": at}
    Notification._get_collection().update_one({"_id": notification.id}, {"$set": change})
    Notification.objects(pk=notification.id).update_one(set__outbox=[])
    return notification


def test_lost_claim_is_settled_without_its_command(provider: Provider) -> None:
    at = now()
    mail, call = claimed_and_lost("email", at), claimed_and_lost("webhook", at)
    assert settle_lost_claims(at + LEASE - SECOND) == 0
    assert release_due_notifications(at + LEASE) == 0
    assert where(mail, "email")[:2] == ("unknown", DIED)
    assert where(call, "webhook")[:2] == ("queued", DIED)
    assert settle_lost_claims(at + LEASE) == 0
    deliver(command(call, "webhook"), at + LEASE)
    deliver(command(mail), at + LEASE)
    assert [each.channel for each in provider.messages] == ["webhook"]


@pytest.mark.usefixtures("unpublished")
def test_lost_claim_is_queued_with_one_command_however_many_look() -> None:
    at = now()
    call = claimed_and_lost("webhook", at)
    assert sum(at_once([partial(settle_lost_claims, at + LEASE)] * 4)) == 1
    (entry,) = Notification.objects.get(pk=call.id).outbox
    assert entry.routing_key == "webhook"


def test_code_of_a_lost_claim_is_not_kept() -> None:
    at = now()
    mail = claimed_and_lost("email", at)
    Notification.objects(pk=mail.id).update_one(set__carries_code=True)
    settle_lost_claims(at + LEASE)
    assert Notification.objects.get(pk=mail.id).variables == {}


def _quietly(command_: DeliverNotification, at: Any) -> None:
    try:
        deliver(command_, at)
    except NotYet:
        return


# ---------------------------------------------------------- looked at again, before it goes


def test_what_was_switched_off_meanwhile_is_not_sent(provider: Provider) -> None:
    reader = a_reader()
    notification = told(reader)
    User.objects(pk=reader.user_id).update_one(set__preferences={"orders": {"email": False}})
    deliver(command(notification))
    assert where(notification, "email")[:2] == ("suppressed", "preferences")
    assert provider.messages == []


def test_address_that_bounced_gets_nothing(provider: Provider) -> None:
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
    assert tell([reader.user_id], a_telling()) == {}
    assert provider.messages == []


def test_what_is_too_old_is_no_news(provider: Provider) -> None:
    at, notification = now(), told(a_reader())
    deliver(command(notification), at + TOO_OLD_AFTER + SECOND)
    assert where(notification, "email")[:2] == ("suppressed", "too old")
    assert provider.messages == []


def test_night_that_fell_meanwhile_holds_it_back(provider: Provider) -> None:
    reader = a_reader()
    notification = told(reader)
    quiet = {"start": "22:00", "end": "07:00"}
    User.objects(pk=reader.user_id).update_one(set__preferences={"quiet_hours": quiet})
    midnight = now().replace(hour=23, minute=30)
    deliver(command(notification), midnight)
    status, reason, due_at = where(notification, "email")
    assert (status, reason) == ("scheduled", "quiet_hours")
    assert Notification.objects.get(pk=notification.id).next_due_at == due_at
    assert provider.messages == []


def test_push_goes_to_the_devices_of_today(provider: Provider) -> None:
    reader = a_reader()
    notification = told(reader, channels=frozenset({"push"}))
    PushToken.objects(user_id=reader.user_id).update(set__token="a-new-one")
    deliver(command(notification, "push"))
    (message,) = provider.messages
    assert [each.token for each in message.address.devices] == ["a-new-one"]
    assert message.data["notification_id"] == notification.id


# ------------------------------------------------------------------------- codes


def code_mail(reader: Principal, **more: Any) -> Notification:
    variables = {"verification_code": "Q4TN-82WB", "code_expires_at": "2099-01-01T00:00:00Z"}
    values: dict[str, Any] = {
        "kind": "user.registered",
        "category": "account",
        "template_code": "user_registered",
        "variables": variables,
        "carries_code": True,
        "transactional": True,
    }
    return told(reader, **(values | more))


def test_code_reaches_an_unverified_address_and_is_not_kept(provider: Provider) -> None:
    notification = code_mail(a_reader(verified=False))
    deliver(command(notification))
    (message,) = provider.messages
    assert "Q4TN-82WB" in message.rendered.text
    assert message.unsubscribe_url is None
    kept = Notification.objects.get(pk=notification.id)
    assert "Q4TN" not in str(kept.to_mongo())


def test_code_that_has_expired_is_not_sent_and_not_kept(provider: Provider) -> None:
    variables = {"verification_code": "Q4TN-82WB", "code_expires_at": "2026-01-01T00:00:00Z"}
    notification = code_mail(a_reader(), variables=variables)
    deliver(command(notification))
    assert where(notification, "email")[:2] == ("suppressed", "code expired")
    assert "Q4TN" not in str(Notification.objects.get(pk=notification.id).to_mongo())
    assert provider.messages == []


def test_code_is_kept_while_it_is_tried_and_not_after_it_failed(provider: Provider) -> None:
    notification = code_mail(a_reader())
    provider.failures = [TemporaryFailure("throttled"), TemporaryFailure("throttled")]
    with pytest.raises(TemporaryFailure):
        deliver(command(notification))
    assert "Q4TN" in str(Notification.objects.get(pk=notification.id).to_mongo())
    with pytest.raises(TemporaryFailure), attempting(last=True):
        deliver(command(notification))
    assert "Q4TN" not in str(Notification.objects.get(pk=notification.id).to_mongo())


# ----------------------------------------------------------------- what providers report


def report(kind: type, notification: Notification, **more: Any) -> Any:
    data = {
        "notification_id": notification.id,
        "channel": "email",
        "provider": "ses",
        "provider_message_id": "m-1",
        "at": now(),
    }
    return kind.model_validate({"subject": notification.id, "data": data | more})  # type: ignore[attr-defined]


def test_arrival_and_bounce_go_into_the_story(provider: Provider) -> None:
    from tidings.delivery.events import NotificationDelivered, NotificationFailed

    notification = told(a_reader())
    deliver(command(notification))
    arrived = report(NotificationDelivered, notification)
    for _ in range(2):
        notify(arrived)
    assert story(notification, "email")[-2:] == ["sent", "delivered"]
    bounced = report(NotificationFailed, notification, reason="complaint")
    for _ in range(2):
        notify(bounced)
    notify(arrived)
    assert story(notification, "email")[-2:] == ["delivered", "failed"]
    assert where(notification, "email")[:2] == ("failed", "complaint")


def test_report_of_what_is_gone_changes_nothing() -> None:
    from tidings.delivery.events import NotificationDelivered

    gone = Notification(id=new_id())
    notify(report(NotificationDelivered, gone))
    assert Notification.objects.count() == 0


def test_status_is_the_same_with_redis_away(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    import redis

    from tidings.platform import cache

    notification = told(a_reader())
    before = status_of(notification.id)

    def away() -> redis.Redis:
        raise redis.ConnectionError

    monkeypatch.setattr(cache, "client", away)
    assert status_of(notification.id) == before
    deliver(command(notification))
    after = status_of(notification.id)
    assert after is not None
    assert after.deliveries[0].status == "sent"
    assert status_of(new_id()) is None
