"""People are notified once, each in their language, with a bounded number of commands."""

import tracemalloc
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from tests.integration.builders import Queues, a_reader, at_once
from tests.integration.notifications.builders import (
    Provider,
    some_content,
    story,
    the_notification,
    where,
)
from tests.integration.users.people import registered
from tidings.delivery.delivering import deliver
from tidings.delivery.models import Channel, Notification, Priority
from tidings.delivery.releasing import release_due_notifications
from tidings.delivery.states import command_for
from tidings.notifications.creating import MAX_RECIPIENTS, CreatedNotification, create_notifications
from tidings.notifications.erasure import forget
from tidings.notifications.queries import get_user_notifications
from tidings.platform.errors import TidingsError
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox, relay
from tidings.platform.security.auth import Principal
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.timing.clock import new_id, now
from tidings.users.models import User

HOUR = timedelta(hours=1)
NIGHT: dict[str, Any] = {"quiet_hours": {"start": "22:00", "end": "07:00"}}


def inbox(person: Principal) -> list[str]:
    page = PageRequest.model_validate({"limit": 100})
    return [each.id for each in get_user_notifications(person.user_id, page, caller=person).items]


def outbox_of(notification: Notification) -> list[str]:
    return [each.routing_key for each in Notification.objects.get(pk=notification.id).outbox]


# ------------------------------------------------------------------------- once


def created_for(readers: list[Principal]) -> dict[str, CreatedNotification]:
    """Create notifications of a task, whose title is missing for the second person."""
    personal = {each.user_id: {"title": "Call"} for each in readers}
    personal[readers[1].user_id] = {}
    content = some_content(
        category="tasks",
        kind="task.assigned",
        template_code="task_assigned",
        variables={"task_id": "task-7"},
        personal=personal,
    )
    return create_notifications([each.user_id for each in readers], content)


def test_only_the_notification_that_cannot_be_rendered_fails() -> None:
    readers = [a_reader(tasks={"email": True}) for _ in range(2)]
    told = created_for(readers)
    assert set(told) == {each.user_id for each in readers}
    fine, failed = (the_notification(each) for each in readers)
    assert where(fine, "email")[0] == "queued"
    assert fine.in_inbox
    assert not failed.in_inbox
    assert failed.outbox == []
    assert set(failed.deliveries) == {"inbox", "email", "push"}
    for channel in failed.deliveries:
        assert where(failed, channel)[:2] == ("failed", "MissingVariable")


def test_content_that_cannot_be_rendered_for_anyone_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines: list[str] = []
    monkeypatch.setattr(logger, "warning", lambda text, **_: lines.append(text))
    content = some_content(template_code="task_assigned", variables={})
    readers = [a_reader().user_id for _ in range(2)]
    for people in (readers, readers[:1]):
        with pytest.raises(TidingsError):
            create_notifications(people, content)
    assert "rendering failed: deliveries of this person failed" not in lines
    assert Notification.objects.count() == 0


def test_only_the_last_of_many_people_fails() -> None:
    reader = a_reader()
    content = some_content(template_code="task_assigned", variables={})
    assert create_notifications([reader.user_id], content, one_of_many=True)[reader.user_id].is_new
    assert where(the_notification(reader), "inbox")[0] == "failed"


def test_second_creation_changes_nothing_and_returns_the_same() -> None:
    reader, content = a_reader(), some_content()
    first = create_notifications([reader.user_id], content)[reader.user_id]
    again = create_notifications([reader.user_id], content)[reader.user_id]
    assert first.is_new
    assert not again.is_new
    assert again.notification_id == first.notification_id
    assert sorted(outbox_of(the_notification(reader))) == ["email", "push"]


def test_ten_concurrent_creations_notify_once() -> None:
    readers, content = [a_reader() for _ in range(5)], some_content()
    ids = [each.user_id for each in readers]
    answers = at_once([partial(create_notifications, ids, content)] * 10)
    assert Notification.objects.count() == 5
    for reader in ids:
        told = [answer[reader] for answer in answers]
        assert len({each.notification_id for each in told}) == 1
        assert sum(each.is_new for each in told) == 1


def test_repeated_person_in_one_call_is_notified_once() -> None:
    reader = a_reader()
    assert len(create_notifications([reader.user_id] * 3, some_content())) == 1
    assert Notification.objects.count() == 1


def test_person_without_an_account_is_not_notified() -> None:
    reader = a_reader()
    assert set(create_notifications([reader.user_id, new_id()], some_content())) == {reader.user_id}
    assert create_notifications([], some_content()) == {}


# ------------------------------------------------------------------------ texts


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "Your order is confirmed"),
        ("de", "Ihre Bestellung ist bestätigt"),
        ("de-AT", "Ihre Bestellung ist bestätigt"),
        ("fr", "Your order is confirmed"),
    ],
)
def test_text_is_in_the_nearest_language(language: str, title: str, provider: Provider) -> None:
    reader = a_reader(language=language)
    create_notifications([reader.user_id], some_content())
    notification = the_notification(reader)
    assert notification.title == title
    deliver(command_for(notification, Channel.EMAIL))
    assert provider.messages[0].rendered.subject == title


@pytest.mark.parametrize(
    "value",
    ["x" * 10_000_000, {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}, [0] * 100_000, float("nan")],
    ids=["10 MB", "deep", "many", "nan"],
)
def test_malicious_variable_is_refused_and_nothing_is_stored(value: Any) -> None:
    reader = a_reader()
    with pytest.raises(TidingsError):
        create_notifications([reader.user_id], some_content(variables={"order_id": value}))
    assert Notification.objects.count() == 0


def test_variable_that_looks_like_a_template_is_text(provider: Provider) -> None:
    poison = "{{ ''.__class__.__mro__ }}{% for x in range(10**9) %}{% endfor %}<b>"
    reader = a_reader(name="Eve\r\nBcc: all@example.com <script>")
    create_notifications([reader.user_id], some_content(variables={"order_id": poison}))
    notification = the_notification(reader)
    assert poison in notification.body
    deliver(command_for(notification, Channel.EMAIL))
    (mail,) = provider.messages
    assert "<script>" not in mail.rendered.html
    assert "<b>" not in mail.rendered.html.partition("__mro__")[2]
    assert "\n" not in mail.rendered.subject


def test_personal_variables_are_different_for_each_person() -> None:
    readers = [a_reader() for _ in range(3)]
    personal = {each.user_id: {"order_id": f"order-of-{each.user_id}"} for each in readers}
    create_notifications(
        [each.user_id for each in readers], some_content(variables={}, personal=personal)
    )
    for reader in readers:
        assert f"order-of-{reader.user_id}" in the_notification(reader).body


# ---------------------------------------------------------------- the channels


def test_only_the_requested_channels_are_used() -> None:
    reader = a_reader()
    create_notifications([reader.user_id], some_content(channels=frozenset({"push"})))
    notification = the_notification(reader)
    assert set(notification.deliveries) == {"push"}
    assert inbox(reader) == []


def test_every_suppressed_delivery_has_a_reason() -> None:
    reader = a_reader(devices=0, orders={"inbox": False, "email": False})
    create_notifications([reader.user_id], some_content())
    notification = the_notification(reader)
    assert where(notification, "email")[:2] == ("suppressed", "preferences")
    assert where(notification, "push")[:2] == ("suppressed", "no address")
    assert where(notification, "inbox")[:2] == ("suppressed", "preferences")
    assert inbox(reader) == []
    assert outbox_of(notification) == []


def test_unverified_account_is_notified_in_its_inbox_only() -> None:
    reader = a_reader(verified=False, orders={"sms": True, "webhook": True})
    reached = {"phone": "+491701234567", "webhook_url": "https://a.example", "webhook_id": "1"}
    User.objects(pk=reader.user_id).update_one(**reached)
    create_notifications([reader.user_id], some_content())
    notification = the_notification(reader)
    for channel in Channel:
        assert where(notification, channel)[:2] == ("suppressed", "address not verified")
    assert len(inbox(reader)) == 1
    assert outbox_of(notification) == []


def test_urgent_messages_use_separate_queues(queues: Queues) -> None:
    reader = a_reader()
    create_notifications([reader.user_id], some_content(priority=Priority.URGENT))
    relay.publish_stored()
    for queue in ("email.urgent.queue", "push.urgent.queue"):
        (message,) = queues.take(queue, 1)
        assert message.event["data"]["priority"] == "urgent"
    assert queues.is_empty("email.queue")
    assert queues.is_empty("push.queue")


def test_codes_never_reach_the_inbox() -> None:
    user = registered()
    variables = {"verification_code": "Q4TN-82WB", "code_expires_at": "2099-01-01T00:00:00Z"}
    content = some_content(
        category="account",
        template_code="user_registered",
        variables=variables,
        carries_code=True,
        transactional=True,
        channels=frozenset({"email"}),
    )
    create_notifications([user.id], content)
    notification = Notification.objects.get(user_id=user.id)
    assert not notification.in_inbox
    assert "Q4TN" not in f"{notification.title} {notification.body}"


# ------------------------------------------------------------------------- time


def morning(at: datetime) -> datetime:
    return (at + 24 * HOUR).replace(hour=7, minute=0, second=0, microsecond=0)


def test_quiet_hours_hold_back_email_and_push_but_not_the_inbox(
    queues: Queues, provider: Provider
) -> None:
    reader = a_reader(**NIGHT)
    late = now().replace(hour=23, minute=0, second=0, microsecond=0)
    create_notifications([reader.user_id], some_content(), at=late)
    notification = the_notification(reader)
    assert inbox(reader) == [notification.id]
    assert outbox_of(notification) == []
    assert where(notification, "email") == ("scheduled", "quiet_hours", morning(late))

    assert release_due_notifications(morning(late) - HOUR) == 0
    assert release_due_notifications(morning(late)) == 1
    assert release_due_notifications(morning(late)) == 0
    queues.take("email.queue", 1)
    queues.take("push.queue", 1)
    assert story(notification, "email") == ["accepted", "scheduled", "queued"]
    deliver(command_for(notification, Channel.EMAIL), morning(late))
    assert len(provider.messages) == 1


def test_scheduled_notification_reaches_the_inbox_at_its_time_too(queues: Queues) -> None:
    reader, at = a_reader(), now()
    create_notifications([reader.user_id], some_content(send_at=at + 24 * HOUR), at=at)
    create_notifications([reader.user_id], some_content(), at=at)
    early, later = sorted(inbox(reader)), Notification.objects(next_due_at__ne=None).get()
    assert later.id not in early
    assert where(later, "inbox") == ("scheduled", "send_at", at + 24 * HOUR)
    assert release_due_notifications(at + 23 * HOUR) == 0
    assert release_due_notifications(at + 24 * HOUR) == 1
    # In order of their times.
    assert inbox(reader) == [later.id, *early]
    assert story(later, "inbox") == ["accepted", "scheduled", "delivered"]
    assert len(queues.take_all("email.queue")) == 2


def test_send_at_within_quiet_hours_waits_for_the_morning() -> None:
    at = now().replace(hour=12, minute=0, second=0, microsecond=0)
    reader = a_reader(**NIGHT)
    create_notifications([reader.user_id], some_content(send_at=at + 11 * HOUR), at=at)
    notification = the_notification(reader)
    assert where(notification, "push") == ("scheduled", "quiet_hours", morning(at))


def test_preferences_are_checked_again_at_the_scheduled_time(queues: Queues) -> None:
    reader, at = a_reader(), now()
    create_notifications([reader.user_id], some_content(send_at=at + HOUR), at=at)
    User.objects(pk=reader.user_id).update_one(set__preferences={"orders": {"email": False}})
    release_due_notifications(at + HOUR)
    notification = the_notification(reader)
    assert where(notification, "email")[:2] == ("suppressed", "preferences")
    assert where(notification, "push")[0] == "queued"


def test_cancelled_notification_is_not_released(queues: Queues) -> None:
    reader, at = a_reader(), now()
    create_notifications(
        [reader.user_id], some_content(send_at=at + HOUR, channels=frozenset({"email"})), at=at
    )
    Notification.objects.update(set__deliveries__email__status="cancelled")
    release_due_notifications(at + HOUR)
    assert where(the_notification(reader), "email")[0] == "cancelled"
    assert release_due_notifications(at + HOUR, seconds=1) == 0
    assert queues.is_empty("email.queue")


@pytest.mark.usefixtures("unpublished")
def test_concurrent_releases_send_each_once() -> None:
    at = now()
    readers = [a_reader() for _ in range(30)]
    create_notifications([each.user_id for each in readers], some_content(send_at=at + HOUR), at=at)
    released = at_once([partial(release_due_notifications, at + HOUR)] * 3)
    assert sum(released) == 30
    for each in Notification.objects:
        assert sorted(entry.routing_key for entry in each.outbox) == ["email", "push"]


# ------------------------------------------------------------------------ erasure


def test_erased_person_has_no_notifications_and_others_keep_theirs(provider: Provider) -> None:
    reader, other = a_reader(), a_reader()
    for person in (reader, other):
        create_notifications([person.user_id], some_content())
    notification = the_notification(reader)
    assert forget(reader.user_id) == 1
    assert forget(reader.user_id) == 0
    assert Notification.objects.count() == 1
    deliver(command_for(notification, Channel.EMAIL))
    assert provider.messages == []


def test_notifications_are_kept_for_half_a_year() -> None:
    at, reader = now(), a_reader()
    create_notifications([reader.user_id], some_content(), at=at)
    assert the_notification(reader).expires_at == at + timedelta(days=180)


# ------------------------------------------------------------------ large audiences


def people(count: int) -> list[str]:
    made = [
        User(
            email=f"{new_id()}@example.com",
            name="Ada",
            password_hash="-",
            role="customer",
            verified_at=now(),
        )
        for _ in range(count)
    ]
    for start in range(0, count, 1000):
        User.objects.insert(made[start : start + 1000], load_bulk=False)
    return [each.id for each in made]


@pytest.mark.parametrize("count", [1, MAX_RECIPIENTS])
def test_number_of_commands_does_not_grow_with_the_people(count: int, commands: list[str]) -> None:
    ids, content = people(count), some_content()
    create_notifications(ids[:1], some_content())
    commands.clear()
    create_notifications(ids, content)
    assert len(commands) <= 4
    commands.clear()
    create_notifications(ids, content)
    assert len(commands) <= 5


def test_more_than_a_chunk_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 500"):
        create_notifications([new_id() for _ in range(MAX_RECIPIENTS + 1)], some_content())


def test_thousands_of_people_are_notified_in_chunks_within_bounded_memory(
    commands: list[str],
) -> None:
    ids, content = people(1_500), some_content()
    chunks = [ids[start : start + MAX_RECIPIENTS] for start in range(0, len(ids), MAX_RECIPIENTS)]
    create_notifications(chunks[0], content)
    outbox.take_stored()
    tracemalloc.start()
    commands.clear()
    for chunk in chunks[1:]:
        assert len(create_notifications(chunk, content)) == MAX_RECIPIENTS
        outbox.take_stored()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert Notification.objects.count() == 1_500
    assert len(commands) <= 4 * len(chunks)
    assert peak < 60_000_000
