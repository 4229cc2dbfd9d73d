"""Tests of the operations on one's inbox: list, read, archive and delete."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any, get_args

import pytest

from tests.integration.builders import a_person, a_reader, at_once
from tests.integration.notifications.builders import some_content
from tidings.delivery import releasing
from tidings.delivery.models import Notification
from tidings.delivery.releasing import release_due_notifications
from tidings.delivery.status import status_of
from tidings.notifications import inbox as inbox_room
from tidings.notifications.creating import create_notifications
from tidings.notifications.errors import NotificationNotFound
from tidings.notifications.inbox import (
    archive_notification,
    delete_notification,
    mark_all_notifications_read,
    mark_notification_read,
    unarchive_notification,
)
from tidings.notifications.queries import get_unread_count, get_user_notifications
from tidings.notifications.schemas import InboxFilter, MarkAllRead, NotificationView
from tidings.platform.errors import Forbidden
from tidings.platform.security.auth import PersonRole, Principal, Role
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.timing.clock import new_id, now

ALL_UP_TO_NOW = MarkAllRead()


def a_notification(person: Principal, **values: Any) -> str:
    stored = Notification(
        user_id=person.user_id,
        **{
            "kind": "order.confirmed",
            "category": "orders",
            "title": "Confirmed",
            "body": "It is.",
            "subject_id": "order-7",
            "dedupe_key": new_id(),
            "event_id": new_id(),
        }
        | values,
    ).save(force_insert=True)
    return str(stored.id)


def inbox(person: Principal, limit: int = 100, after: str | None = None, **wanted: Any) -> Any:
    page = PageRequest.model_validate({"limit": limit, "after": after})
    where = InboxFilter.model_validate(wanted)
    return get_user_notifications(person.user_id, page, caller=person, wanted=where)


def ids(person: Principal, **wanted: Any) -> list[str]:
    found: list[NotificationView] = inbox(person, **wanted).items
    return [each.id for each in found]


# ------------------------------------------------------------------------ lists


def test_list_is_filtered_by_kind_category_and_whether_it_was_read() -> None:
    reader = a_person()
    order = a_notification(reader)
    task = a_notification(reader, kind="task.due", category="tasks")
    assert ids(reader) == [task, order]
    assert ids(reader, kind="task.due") == [task]
    assert ids(reader, category="orders") == [order]
    assert ids(reader, category="orders", kind="task.due") == []
    mark_notification_read(task, caller=reader)
    assert ids(reader, unread_only=True) == [order]


def test_notification_for_other_channels_is_not_in_the_inbox() -> None:
    reader = a_person()
    hidden = a_notification(reader, in_inbox=False)
    assert ids(reader) == []
    assert get_unread_count(reader.user_id, caller=reader) == 0
    for change in (mark_notification_read, archive_notification, delete_notification):
        with pytest.raises(NotificationNotFound):
            change(hidden, caller=reader)


def test_old_notifications_without_channels_are_in_the_inbox() -> None:
    reader = a_person()
    old = a_notification(reader)
    Notification._get_collection().update_one({"_id": old}, {"$unset": {"in_inbox": 1}})
    assert ids(reader) == [old]


def test_pages_are_stable_while_notifications_are_added() -> None:
    reader = a_person()
    stored = [a_notification(reader) for _ in range(5)]
    first = inbox(reader, limit=2)
    a_notification(reader)
    second = inbox(reader, limit=2, after=first.cursors[-1])
    delete_notification(second.items[-1].id, caller=reader)
    third = inbox(reader, limit=2, after=second.cursors[-1])
    seen = [each.id for page in (first, second, third) for each in page.items]
    assert seen == stored[::-1]


# --------------------------------------------------------------------- read all


def test_current_notifications_are_read_and_later_ones_are_not() -> None:
    reader, other = a_person(), a_person()
    moment = now()
    for _ in range(3):
        a_notification(reader, created_at=moment - timedelta(seconds=1))
    late = a_notification(reader, created_at=moment + timedelta(milliseconds=1))
    a_notification(other)
    done = mark_all_notifications_read(
        reader.user_id, MarkAllRead(up_to=moment), caller=reader, at=moment + timedelta(minutes=1)
    )
    assert (done.read, done.up_to, done.more) == (3, moment, False)
    assert ids(reader, unread_only=True) == [late]
    assert get_unread_count(other.user_id, caller=other) == 1


def test_scheduled_notification_cannot_be_marked_read() -> None:
    reader, moment = a_person(), now()
    tomorrow = MarkAllRead(up_to=moment + timedelta(days=1))
    done = mark_all_notifications_read(reader.user_id, tomorrow, caller=reader, at=moment)
    assert done.up_to == moment


def test_notification_is_marked_by_the_time_when_it_appeared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader, noon = a_reader(), now().replace(hour=12, minute=0)
    minute = timedelta(minutes=1)
    planned = some_content(send_at=noon, channels=frozenset({"inbox"}))
    create_notifications([reader.user_id], planned, at=noon - 60 * minute)
    monkeypatch.setattr(releasing, "now", lambda: noon)
    release_due_notifications(noon)

    def mark(up_to: datetime) -> int:
        wanted = MarkAllRead(up_to=up_to)
        return mark_all_notifications_read(
            reader.user_id, wanted, caller=reader, at=noon + minute
        ).read

    assert mark(noon - minute) == 0
    assert get_unread_count(reader.user_id, caller=reader) == 1
    assert mark(noon) == 1


def test_first_reading_is_kept_when_all_are_read() -> None:
    reader = a_person()
    notification = a_notification(reader)
    first = mark_notification_read(notification, caller=reader).read_at
    assert mark_all_notifications_read(reader.user_id, ALL_UP_TO_NOW, caller=reader).read == 0
    assert inbox(reader).items[0].read_at == first


def test_long_inbox_takes_several_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_room, "MAX_READ_AT_ONCE", 2)
    reader = a_person()
    for _ in range(3):
        a_notification(reader)
    calls = [
        mark_all_notifications_read(reader.user_id, ALL_UP_TO_NOW, caller=reader) for _ in range(3)
    ]
    assert [(each.read, each.more) for each in calls] == [(2, True), (1, False), (0, False)]


def test_inbox_is_marked_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_room, "MARKED_TOGETHER", 2)
    reader = a_person()
    for _ in range(5):
        a_notification(reader)
    done = mark_all_notifications_read(reader.user_id, ALL_UP_TO_NOW, caller=reader)
    assert (done.read, done.more) == (5, False)


def test_call_without_time_marks_one_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that is slow may need several calls, and each makes progress."""
    monkeypatch.setattr(inbox_room, "MARKED_TOGETHER", 2)
    monkeypatch.setattr(inbox_room, "MARKING_SECONDS", 0)
    reader = a_person()
    for _ in range(3):
        a_notification(reader)
    calls = [
        mark_all_notifications_read(reader.user_id, ALL_UP_TO_NOW, caller=reader) for _ in range(3)
    ]
    assert [(each.read, each.more) for each in calls] == [(2, True), (1, False), (0, False)]


def test_reading_all_at_once_counts_each_notification_once() -> None:
    reader = a_person()
    for _ in range(20):
        a_notification(reader)
    read_all = partial(mark_all_notifications_read, reader.user_id, ALL_UP_TO_NOW, caller=reader)
    assert sum(each.read for each in at_once([read_all] * 5)) == 20


def test_operators_cannot_mark_the_inbox_of_another() -> None:
    reader = a_person()
    a_notification(reader)
    with pytest.raises(Forbidden):
        mark_all_notifications_read(reader.user_id, ALL_UP_TO_NOW, caller=a_person(Role.OPERATOR))
    assert get_unread_count(reader.user_id, caller=reader) == 1


def test_status_has_the_time_of_reading() -> None:
    reader = a_person()
    one, two = a_notification(reader), a_notification(reader)
    assert [status_of(each).read_at for each in (one, two)] == [None, None]  # type: ignore[union-attr]
    mark_notification_read(one, caller=reader)
    mark_all_notifications_read(reader.user_id, ALL_UP_TO_NOW, caller=reader)
    assert all(status_of(each).read_at for each in (one, two))  # type: ignore[union-attr]


# --------------------------------------------------------------------- archive


def test_archived_notification_is_listed_only_on_request() -> None:
    reader = a_person()
    kept, archived = a_notification(reader), a_notification(reader)
    first = archive_notification(archived, caller=reader).archived_at
    assert archive_notification(archived, caller=reader).archived_at == first
    assert ids(reader) == [kept]
    assert ids(reader, archived=True) == [archived]
    assert get_unread_count(reader.user_id, caller=reader) == 1
    for _ in range(2):
        assert unarchive_notification(archived, caller=reader).archived_at is None
    assert ids(reader) == [archived, kept]
    assert ids(reader, archived=True) == []


def test_deleted_notification_is_not_restored_by_a_repeated_event() -> None:
    reader = a_person()
    notification = a_notification(reader, dedupe_key="event-1")
    assert delete_notification(notification, caller=reader).id == notification
    assert ids(reader) == ids(reader, archived=True) == []
    with pytest.raises(NotificationNotFound):
        delete_notification(notification, caller=reader)
    assert Notification.objects(dedupe_key="event-1").count() == 1


@pytest.mark.parametrize(
    "change", [archive_notification, unarchive_notification, delete_notification]
)
@pytest.mark.parametrize("role", get_args(PersonRole))
def test_notification_of_another_cannot_be_changed(role: Role, change: Any) -> None:
    owner = a_person()
    notification = a_notification(owner)
    before = Notification.objects.get(pk=notification).to_mongo()
    with pytest.raises(NotificationNotFound):
        change(notification, caller=a_person(role))
    assert Notification.objects.get(pk=notification).to_mongo() == before
