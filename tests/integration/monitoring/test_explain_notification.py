"""The explanation of a notification: each decision with its reason, and who may read it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.integration.builders import a_person, a_reader, change_account
from tests.integration.delivery.texts import a_code, a_texted_reader, limited, text
from tests.integration.delivery.watched import EMAIL, command, report, told
from tests.integration.monitoring.builders import OPERATOR, a_dead_letter
from tests.integration.notifications.builders import Provider, the_notification
from tidings.delivery.delivering import deliver
from tidings.delivery.errors import TemporaryFailure, Undeliverable
from tidings.delivery.events import NotificationDelivered, NotificationFailed
from tidings.delivery.models import Notification, Unsubscription
from tidings.delivery.planning import TOO_OLD_AFTER
from tidings.delivery.suppression import suppress
from tidings.monitoring.explaining.operations import explain_notification
from tidings.monitoring.explaining.schemas import ChannelOutcome, ExplainedStep, Explanation
from tidings.monitoring.failed_messages import discard_failed_message, store_failed_messages
from tidings.notifications.digests import send_digests
from tidings.notifications.errors import NotificationNotFound
from tidings.notifications.inbox import mark_notification_read
from tidings.notifications.notifying import notify
from tidings.platform.errors import Forbidden
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import new_id, now
from tidings.users.models import User
from tidings.users.operations import delete_account

ALL_DAY = {"start": "00:00", "end": "23:59"}
# What the parameter of a test does with a notification; it returns the person.
Story = Callable[[], Principal]


def explained(reader: Principal) -> Explanation:
    return explain_notification(the_notification(reader).id, caller=OPERATOR)


def outcome(found: Explanation, channel: str = "email") -> ChannelOutcome:
    (event,) = found.events
    (notification,) = event.notifications
    return next(each for each in notification.channels if each.channel == channel)


def steps(found: Explanation, channel: str = "email") -> list[tuple[str, str | None]]:
    return [(each.code, each.reason) for each in found.steps if each.channel == channel]


def one(found: Explanation, code: str) -> ExplainedStep:
    (step,) = [each for each in found.steps if each.code == code]
    return step


# --------------------------------------------------------------------- suppression


def _switched_off() -> Principal:
    reader = a_reader(orders={"email": False})
    told(reader)
    return reader


def _switched_off_meanwhile() -> Principal:
    reader = a_reader()
    notification = told(reader)
    change_account(reader.user_id, set__preferences={"orders": {"email": False}})
    deliver(command(notification))
    return reader


def _not_verified() -> Principal:
    reader = a_reader(verified=False)
    told(reader)
    return reader


def _suppressed(reason: str) -> Story:
    def story() -> Principal:
        reader = a_reader()
        notification = told(reader)
        suppress(User.objects.get(pk=reader.user_id).email, reason)
        deliver(command(notification))
        return reader

    return story


def _deleted() -> Principal:
    reader = a_reader()
    notification = told(reader)
    delete_account(reader.user_id, caller=reader)
    deliver(command(notification))
    return reader


def _too_old() -> Principal:
    reader = a_reader()
    notification = told(reader)
    deliver(command(notification), now() + TOO_OLD_AFTER + timedelta(seconds=1))
    return reader


def _on_another_channel(channel: str, *, devices: int = 1, **more: Any) -> Story:
    def story() -> Principal:
        reader = a_reader(devices=devices)
        told(reader, channels=frozenset({channel}), **more)
        return reader

    return story


def _in_a_digest() -> Principal:
    reader = a_reader(digest="daily")
    notification = told(reader)
    send_digests(Notification.objects.get(pk=notification.id).digest_due_at)
    Notification.objects(user_id=reader.user_id, kind="digest").update(set__user_id=new_id())
    return reader


def _not_in_the_inbox() -> Principal:
    reader = a_reader(tasks={"inbox": False})
    told(reader, category="tasks", channels=frozenset({"inbox"}))
    return reader


def _phone_not_verified() -> Principal:
    reader = a_texted_reader(verified=False)
    text(reader)
    return reader


def _another_number() -> Principal:
    reader = a_texted_reader(verified=False)
    code = a_code(reader)
    change_account(reader.user_id, set__phone_check="another")
    deliver(code)
    return reader


def _limited() -> Principal:
    reader = a_texted_reader()
    with pytest.MonkeyPatch.context() as patch:
        limited(patch, sms_per_person_per_day=1)
        Notification.objects(pk=text(reader).id).delete()
        text(reader)
    return reader


def _code_expired() -> Principal:
    reader = a_reader()
    at = now()
    notification = told(
        reader,
        kind="user.registered",
        category="account",
        template_code="user_registered",
        carries_code=True,
        variables={
            "email": "ada@example.com",
            "verification_code": "ABCDE12345",
            "code_expires_at": (at + timedelta(minutes=1)).isoformat(),
        },
    )
    deliver(command(notification), at + timedelta(minutes=2))
    return reader


@pytest.mark.parametrize(
    ("story", "channel", "reason"),
    [
        (_switched_off, "email", "preferences"),
        (_switched_off_meanwhile, "email", "preferences"),
        (_not_verified, "email", "address_not_verified"),
        (_suppressed("hard_bounce"), "email", "hard_bounce"),
        (_suppressed("complaint"), "email", "complaint"),
        (_deleted, "email", "no_account"),
        (_too_old, "email", "too_old"),
        (_on_another_channel("push", devices=0), "push", "no_address"),
        (_in_a_digest, "email", "in_digest"),
        (_code_expired, "email", "code_expired"),
        (_on_another_channel("webhook"), "webhook", "preferences"),
        (_not_in_the_inbox, "inbox", "preferences"),
        (_phone_not_verified, "sms", "phone_not_verified"),
        (_another_number, "sms", "number_changed"),
        (_limited, "sms", "too_many_text_messages"),
    ],
)
def test_each_suppression_has_its_reason(
    provider: Provider, story: Story, channel: str, reason: str
) -> None:
    found = explained(story())
    told_so = outcome(found, channel)
    assert (told_so.status, told_so.reason) == ("suppressed", reason)
    assert steps(found, channel)[-1] == ("delivery.suppressed", reason)
    assert all(each.at is not None for each in found.steps)
    assert found.complete


def test_digest_is_named_by_its_id() -> None:
    reader = a_reader(digest="daily")
    notification = told(reader)
    send_digests(Notification.objects.get(pk=notification.id).digest_due_at)
    digest = Notification.objects.get(user_id=reader.user_id, kind="digest")
    found = explain_notification(notification.id, caller=OPERATOR)
    assert digest.id in outcome(found).sentence
    assert steps(found)[0] == ("delivery.scheduled", "digest")
    (step,) = [each for each in found.steps if each.reason == "in_digest"]
    assert step.function == "send-digests"
    assert explain_notification(digest.id, caller=OPERATOR).events[0].type == "digest"


def test_quiet_hours_are_told_with_their_end() -> None:
    reader = a_reader(quiet_hours=ALL_DAY)
    told(reader)
    found = outcome(explained(reader))
    assert (found.status, found.reason) == ("scheduled", "quiet_hours")
    assert "until" in found.sentence


@pytest.mark.parametrize(
    ("channels", "reason"), [(None, "not_chosen"), (frozenset({"email"}), "not_named")]
)
def test_channel_without_a_delivery_says_who_left_it_out(
    channels: frozenset[str] | None, reason: str
) -> None:
    reader = a_reader()
    told(reader, channels=channels)
    found = outcome(explained(reader), "webhook")
    assert (found.status, found.reason) == ("not_addressed", reason)


def test_older_notification_says_that_it_was_not_recorded() -> None:
    reader = a_reader()
    told(reader)
    Notification.objects(user_id=reader.user_id).update(unset__channels_named=True)
    found = outcome(explained(reader), "webhook")
    assert (found.status, found.reason) == ("not_addressed", "not_recorded")


# ----------------------------------------------------------------- sent, and after


def test_retry_claim_receipt_report_and_reader_follow_each_other(provider: Provider) -> None:
    reader = a_reader()
    notification = told(reader, channels=frozenset({"email", "inbox"}))
    provider.failures.append(TemporaryFailure("unavailable"))
    with pytest.raises(TemporaryFailure):
        deliver(command(notification))
    deliver(command(notification))
    notify(report(NotificationDelivered, notification))
    mark_notification_read(notification.id, caller=reader)
    found = explained(reader)
    assert steps(found) == [
        ("delivery.queued", None),
        ("delivery.sending", None),
        ("delivery.queued", "unavailable"),
        ("delivery.sending", None),
        ("delivery.sent", None),
        ("delivery.delivered", None),
    ]
    assert one(found, "delivery.sent").provider_message_id is not None
    assert {each.event_id for each in found.steps if each.channel} == {notification.event_id}
    assert found.steps[-1].code == "notification.read"
    assert [each.at for each in found.steps] == sorted(each.at for each in found.steps if each.at)


def test_bounce_is_the_end_of_a_sent_mail(provider: Provider) -> None:
    reader = a_reader()
    notification = told(reader)
    deliver(command(notification))
    notify(report(NotificationFailed, notification, reason="hard_bounce"))
    found = explained(reader)
    assert steps(found)[-1] == ("delivery.failed", "hard_bounce")
    assert outcome(found).sentence == "It failed: the mail bounced permanently."


def test_refusal_by_the_provider_names_its_kind(provider: Provider) -> None:
    reader = a_reader()
    notification = told(reader)
    provider.failures.append(Undeliverable("unknown_recipient"))
    deliver(command(notification))
    assert steps(explained(reader))[-1] == ("delivery.failed", "unknown_recipient")


def test_click_on_the_unsubscribe_link_is_a_step() -> None:
    reader = a_reader()
    notification = told(reader)
    Unsubscription(id=notification.id, user_id=reader.user_id, category="orders").save()
    assert "orders" in one(explained(reader), "notification.unsubscribed").sentence


def test_command_in_the_outbox_waits() -> None:
    reader = a_reader()
    told(reader)
    waits = one(explained(reader), "event.waits")
    assert "notification.deliver" in waits.sentence


# ------------------------------------------------------------------ failed messages


def test_failed_command_is_a_step_with_its_id_and_without_addresses() -> None:
    reader = a_reader()
    notification = told(reader)
    letter = a_dead_letter(
        type="notification.deliver",
        routing_key="email.queue",
        body=command(notification).model_dump_json().encode(),
        error="TemporaryFailure: ada@example.com is away",
    )
    store_failed_messages([letter])
    discard_failed_message(letter.key, "It is solved.", caller=OPERATOR)
    found = explained(reader)
    failed = one(found, "message.failed")
    assert (failed.failed_message_id, failed.queue) == (letter.key, "email.queue")
    assert failed.reason == "TemporaryFailure"
    attempt = one(found, "message.attempt_failed")
    assert "[masked]" in attempt.sentence
    assert "ada@example.com" not in found.model_dump_json()
    assert one(found, "message.discarded").at is not None


# ------------------------------------------------------------------------- refusals


@pytest.mark.parametrize("caller", [None, Role.SERVICE])
def test_others_get_nothing(caller: Role | None) -> None:
    reader = a_reader()
    notification = told(reader, channels=EMAIL)
    with pytest.raises(Forbidden):
        explain_notification(notification.id, caller=a_person(caller) if caller else reader)


def test_unknown_notification_is_not_found() -> None:
    with pytest.raises(NotificationNotFound):
        explain_notification(new_id(), caller=OPERATOR)


def test_explanation_contains_neither_addresses_nor_texts() -> None:
    reader = a_reader(name="Zebulon")
    told(reader, channels=None)
    text = explained(reader).model_dump_json()
    person = User.objects.get(pk=reader.user_id)
    assert person.email not in text
    assert "Zebulon" not in text
    assert the_notification(reader).title not in text
