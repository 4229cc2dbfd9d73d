"""A mail waits for its reader to see the inbox, and is not sent to who saw it there."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.integration.builders import a_person, a_reader
from tests.integration.delivery.watched import command
from tests.integration.notifications.builders import (
    Provider,
    some_content,
    story,
    the_notification,
    where,
)
from tidings.delivery import frequency_rules
from tidings.delivery.delivering import deliver
from tidings.delivery.models import Notification
from tidings.delivery.releasing import release_due_notifications
from tidings.monitoring.explaining.operations import explain_notification
from tidings.monitoring.persons.operations import find_person
from tidings.monitoring.persons.schemas import FindPerson
from tidings.notifications.creating import create_notifications
from tidings.notifications.inbox import (
    archive_notification,
    delete_notification,
    mark_all_notifications_read,
    mark_notification_read,
)
from tidings.notifications.retracting import retract_notification
from tidings.notifications.schemas import MarkAllRead
from tidings.platform.security.auth import Principal, Role
from tidings.platform.settings import settings
from tidings.platform.timing.clock import now

MINUTE = timedelta(minutes=1)
WAIT = 30 * MINUTE
OPERATOR = a_person(Role.OPERATOR)


@pytest.fixture(autouse=True)
def tasks_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    here = settings().model_copy(update={"unread_waits": "tasks=30m"})
    monkeypatch.setattr(frequency_rules, "settings", lambda: here)


def the_moment() -> datetime:
    """Return the current time in the precision that MongoDB stores."""
    at = now()
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def assigned(
    reader: Principal | None = None, at: datetime | None = None, **more: Any
) -> tuple[Principal, Notification]:
    """Tell a person of a task, in the inbox and by mail."""
    reader = reader or a_reader(tasks={"email": True})
    content = some_content(
        category="tasks",
        kind="task.assigned",
        template_code="task_assigned",
        variables={"task_id": "task-7", "title": "Call"},
        **more,
    )
    create_notifications([reader.user_id], content, at=at)
    return reader, the_notification(reader)


def mark_all(reader: Principal) -> object:
    return mark_all_notifications_read(reader.user_id, MarkAllRead(), caller=reader)


def test_mail_is_sent_if_the_message_is_still_unread(provider: Provider) -> None:
    at = the_moment()
    _, told = assigned(at=at)
    assert where(told, "email") == ("scheduled", "unread", at + WAIT)
    assert where(told, "push")[0] == "queued"
    assert where(told, "inbox")[0] == "delivered"
    assert release_due_notifications(at + WAIT - MINUTE) == 0
    assert release_due_notifications(at + WAIT) == 1
    deliver(command(told))
    assert story(told, "email") == ["accepted", "scheduled", "queued", "sending", "sent"]
    assert len(provider.taken("email")) == 1


@pytest.mark.parametrize(
    "see",
    [
        lambda reader, told: mark_notification_read(told.id, caller=reader),
        lambda reader, told: archive_notification(told.id, caller=reader),
        lambda reader, told: delete_notification(told.id, caller=reader),
        lambda reader, _: mark_all(reader),
    ],
    ids=["read", "archived", "deleted", "all-read"],
)
def test_who_saw_it_in_the_inbox_gets_no_mail(
    see: Callable[[Principal, Notification], object], provider: Provider
) -> None:
    at = the_moment()
    reader, told = assigned(at=at)
    see(reader, told)
    release_due_notifications(at + WAIT)
    assert where(told, "email")[:2] == ("suppressed", "read_in_inbox")
    assert Notification.objects.get(pk=told.id).next_due_at is None
    assert provider.taken("email") == []


def test_retracted_message_is_not_mailed(provider: Provider) -> None:
    at = the_moment()
    _, told = assigned(at=at)
    retract_notification(told.id, caller=OPERATOR)
    release_due_notifications(at + WAIT)
    assert where(told, "email")[0] == "cancelled"


def test_reading_before_the_mail_is_claimed_stops_it(provider: Provider) -> None:
    at = the_moment()
    reader, told = assigned(at=at)
    release_due_notifications(at + WAIT)
    assert where(told, "email")[0] == "queued"
    mark_notification_read(told.id, caller=reader)
    deliver(command(told))
    assert where(told, "email")[:2] == ("suppressed", "read_in_inbox")
    assert provider.taken("email") == []


def test_reading_while_the_mail_is_sent_changes_nothing(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = the_moment()
    reader, told = assigned(at=at)
    release_due_notifications(at + WAIT)

    def read_meanwhile(message: Any) -> Any:
        mark_notification_read(told.id, caller=reader)
        return provider.deliver(message)

    monkeypatch.setattr("tidings.delivery.channels.deliver", read_meanwhile)
    deliver(command(told))
    assert where(told, "email")[0] == "sent"


def test_other_channels_and_mails_without_an_inbox_do_not_wait() -> None:
    _, told = assigned(channels=frozenset({"email"}))
    assert where(told, "email")[0] == "queued"
    off = a_reader(tasks={"email": True, "inbox": False})
    _, told = assigned(off)
    assert where(told, "email")[0] == "queued"


def test_wait_begins_when_the_inbox_shows_it(provider: Provider) -> None:
    at = the_moment()
    send_at = at + 60 * MINUTE
    reader, told = assigned(at=at, send_at=send_at)
    assert where(told, "email") == ("scheduled", "unread", send_at + WAIT)
    release_due_notifications(send_at)
    assert where(told, "inbox")[0] == "delivered"
    assert where(told, "email")[0] == "scheduled"
    mark_notification_read(told.id, caller=reader)
    release_due_notifications(send_at + WAIT)
    assert where(told, "email")[:2] == ("suppressed", "read_in_inbox")


def test_quiet_hours_after_the_wait_hold_the_mail_back_and_reading_still_counts() -> None:
    at = the_moment().replace(hour=21, minute=45)
    quiet = {"start": "22:00", "end": "07:00"}
    reader, told = assigned(a_reader(tasks={"email": True}, quiet_hours=quiet), at)
    assert where(told, "email")[1] == "unread"
    release_due_notifications(at + WAIT)
    status, reason, due_at = where(told, "email")
    assert (status, reason) == ("scheduled", "quiet_hours")
    assert due_at is not None
    mark_notification_read(told.id, caller=reader)
    release_due_notifications(due_at)
    assert where(told, "email")[:2] == ("suppressed", "read_in_inbox")


def test_mail_of_an_earlier_release_does_not_depend_on_the_inbox(provider: Provider) -> None:
    reader, told = assigned(at=the_moment())
    Notification.objects(pk=told.id).update_one(
        unset__deliveries__email__if_unread=True, set__deliveries__email__status="queued"
    )
    mark_notification_read(told.id, caller=reader)
    deliver(command(told))
    assert where(told, "email")[0] == "sent"


def test_explanation_and_forecast_tell_the_wait() -> None:
    at = the_moment()
    reader, told = assigned(at=at)
    explained = explain_notification(told.id, caller=OPERATOR).events[0].notifications[0]
    (mail,) = [each for each in explained.channels if each.channel == "email"]
    until = (at + WAIT).isoformat()
    assert mail.sentence == f"It waits: the person may see it in the inbox first, until {until}."
    found = find_person(FindPerson(id=reader.user_id), caller=OPERATOR, at=at)
    (tasks,) = [each for each in found.outlook if each.category == "tasks"]
    assert {each.channel: each.reason for each in tasks.channels}["email"] == "unread"
