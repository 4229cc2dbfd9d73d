"""A person's stream shows what their own inbox gets, once."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.integration.builders import a_person, a_reader
from tests.integration.live.conftest import Running, someone
from tests.integration.notifications.builders import some_content
from tests.integration.notifications.test_inbox import a_notification
from tests.unit.platform.builders import in_a_session
from tests.waiting import eventually, often
from tidings.delivery import inbox_signals
from tidings.delivery.inbox_signals import Changed
from tidings.delivery.models import Notification
from tidings.delivery.releasing import release_due_notifications
from tidings.notifications import erasure
from tidings.notifications.creating import create_notifications
from tidings.notifications.inbox import (
    archive_notification,
    delete_notification,
    mark_all_notifications_read,
    mark_notification_read,
    unarchive_notification,
)
from tidings.notifications.live import MAX_MISSED, follow_inbox
from tidings.notifications.positions import MAX_LISTED, WINDOW, Position, UnknownPosition
from tidings.notifications.retracting import retract_notification
from tidings.notifications.schemas import MarkAllRead, UpdateNotification
from tidings.notifications.updating import update_notification
from tidings.platform.errors import Forbidden, Unauthenticated
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import first_id, now

SECOND = timedelta(seconds=1)


def stored(person: Principal, **values: object) -> str:
    """Store a notification as another process does, with its signal."""
    entry_id = a_notification(person, **values)
    inbox_signals.announce([Changed(person.user_id, entry_id)])
    return entry_id


def test_notification_is_shown_and_its_channels_and_rules_apply(live: Running) -> None:
    reader = in_a_session(a_reader())
    client = live.opened(reader)
    created = create_notifications([reader.user_id], some_content())
    (shown,) = client.waits_for("notification")
    assert shown["id"] == created[reader.user_id].notification_id
    assert shown["title"]
    # A message by email alone is in no inbox.
    create_notifications([reader.user_id], some_content(channels=frozenset({"email"})))
    later = create_notifications([reader.user_id], some_content())
    client.waits_for("notification", 2)
    assert client.ids() == [shown["id"], later[reader.user_id].notification_id]


def test_notification_is_not_shown_to_others(live: Running, ada: Principal) -> None:
    bob = someone()
    adas, bobs = live.opened(ada), live.opened(bob)
    of_ada = stored(ada)
    of_bob = stored(bob)
    assert [each["id"] for each in adas.waits_for("notification")] == [of_ada]
    assert [each["id"] for each in bobs.waits_for("notification")] == [of_bob]


def test_signal_with_another_persons_name_shows_nothing(live: Running, ada: Principal) -> None:
    bob = someone()
    bobs = live.opened(bob)
    hidden = a_notification(ada)
    inbox_signals.announce([Changed(bob.user_id, hidden)])
    shown = stored(bob)
    assert [each["id"] for each in bobs.waits_for("notification")] == [shown]


def test_all_streams_of_a_person_show_it(live: Running, ada: Principal) -> None:
    phone, laptop = live.opened(ada), live.opened(ada)
    entry_id = stored(ada)
    for client in (phone, laptop):
        client.waits_for("notification")
        assert client.ids() == [entry_id]


def test_changes_elsewhere_are_shown(live: Running, ada: Principal) -> None:
    client = live.opened(ada)
    entry_id = stored(ada)
    client.waits_for("notification")
    mark_notification_read(entry_id, caller=ada)
    assert client.waits_for("changed")[0]["read_at"]
    archive_notification(entry_id, caller=ada)
    assert client.waits_for("changed", 2)[1]["archived_at"]
    unarchive_notification(entry_id, caller=ada)
    assert client.waits_for("changed", 3)[2]["archived_at"] is None
    delete_notification(entry_id, caller=ada)
    assert client.waits_for("removed") == [{"id": entry_id}]
    assert client.ids() == [entry_id]


def test_many_changes_at_once_are_told_at_once(live: Running, ada: Principal) -> None:
    client = live.opened(ada)
    for _ in range(3):
        a_notification(ada)
    mark_all_notifications_read(ada.user_id, MarkAllRead(), caller=ada)
    assert client.waits_for("reload") == [{"reason": "many_changes"}]


def test_retracted_notification_is_removed(live: Running, ada: Principal) -> None:
    client = live.opened(ada)
    entry_id = stored(ada)
    client.waits_for("notification")
    retract_notification(entry_id, caller=a_person(Role.OPERATOR))
    assert client.waits_for("removed") == [{"id": entry_id}]


def test_changed_text_is_told(live: Running) -> None:
    reader = in_a_session(a_reader())
    client = live.opened(reader)
    create_notifications([reader.user_id], some_content())
    (shown,) = client.waits_for("notification")
    entry_id = shown["id"]
    new = UpdateNotification(revision=1, variables={"order_id": "order-8"})
    update_notification(entry_id, new, caller=a_person(Role.OPERATOR))
    (told,) = client.waits_for("changed")
    assert (told["id"], told["updated_at"] is not None) == (entry_id, True)


def test_erased_notifications_are_removed(live: Running, ada: Principal) -> None:
    client = live.opened(ada)
    entry_id = stored(ada)
    client.waits_for("notification")
    erasure.forget(ada.user_id)
    inbox_signals.announce([Changed(ada.user_id, entry_id)])
    assert client.waits_for("removed") == [{"id": entry_id}]


def test_scheduled_notification_is_shown_when_it_is_released(live: Running) -> None:
    reader = in_a_session(a_reader())
    client = live.opened(reader)
    due = now() + timedelta(hours=1)
    content = some_content(channels=frozenset({"inbox"}), send_at=due)
    created = create_notifications([reader.user_id], content)
    release_due_notifications(due + SECOND)
    (shown,) = client.waits_for("notification")
    assert shown["id"] == created[reader.user_id].notification_id


# ----------------------------------------------------------------------- lost signals


def test_lost_signals_are_made_up_for(start: Callable[..., Running], ada: Principal) -> None:
    live = start(catch_up_seconds=0.2)
    client = live.opened(ada)
    late = a_notification(ada)
    client.waits_for("notification")
    # Released long after its id was made.
    old = a_notification(ada, id=first_id(now() - timedelta(days=1)), shown_at=now())
    client.waits_for("notification", 2)
    entry_id = stored(ada)
    client.waits_for("notification", 3)
    assert client.ids() == [late, old, entry_id]
    read = eventually(lambda: live.server.health()["read_age_seconds"] < 1)
    assert read
    assert client.named("changed") == []


def test_signals_of_others_do_not_postpone_the_next_complete_read(
    start: Callable[..., Running], ada: Principal
) -> None:
    live, bob = start(catch_up_seconds=2), someone()
    adas, bobs = live.opened(ada), live.opened(bob)
    with often(lambda: stored(bob)):
        bobs.waits_for("notification", 3)
        missed = a_notification(ada)
        assert [each["id"] for each in adas.waits_for("notification", seconds=60)] == [missed]
        before = len(bobs.ids())
        bobs.waits_for("notification", before + 10)
        eventually(lambda: live.server.health()["read_age_seconds"] < 1, seconds=60)


def test_entry_that_is_stored_late_with_an_early_id_is_shown(
    start: Callable[..., Running], ada: Principal
) -> None:
    live = start(catch_up_seconds=0.2)
    client = live.opened(ada)
    first = stored(ada)
    client.waits_for("notification")
    early = a_notification(ada, id=first_id(now() - timedelta(seconds=100)))
    client.waits_for("notification", 2)
    assert client.ids() == [first, early]


# --------------------------------------------------------------------------- resuming


def test_stream_without_a_position_begins_now(live: Running, ada: Principal) -> None:
    a_notification(ada)
    client = live.opened(ada)
    entry_id = stored(ada)
    client.waits_for("notification")
    assert client.ids() == [entry_id]


@pytest.mark.parametrize("by_header", [False, True])
def test_stream_continues_after_the_last_id(live: Running, ada: Principal, by_header: bool) -> None:
    client = live.opened(ada)
    seen = stored(ada)
    client.waits_for("notification")
    last_id = client.events[-1].id
    client.close()
    missed = [a_notification(ada) for _ in range(3)]
    if by_header:
        again = live.client(ada, **{"Last-Event-ID": last_id or ""})
    else:
        again = live.client(ada, last_id)
    again.waits_for("notification", 3)
    later = stored(ada)
    again.waits_for("notification", 4)
    assert again.ids() == [*missed, later]
    assert seen not in again.ids()


def test_header_is_newer_than_the_address(live: Running, ada: Principal) -> None:
    client = live.opened(ada)
    old = client.events[-1].id
    stored(ada)
    client.waits_for("notification")
    new = client.events[-1].id
    again = live.client(ada, old, **{"Last-Event-ID": new or ""})
    later = stored(ada)
    again.waits_for("notification")
    assert again.ids() == [later]


def test_entry_that_became_visible_in_between_with_an_earlier_id_is_not_missed(
    live: Running, ada: Principal
) -> None:
    client = live.opened(ada)
    stored(ada)
    client.waits_for("notification")
    last_id = client.events[-1].id
    client.close()
    early = a_notification(ada, id=first_id(now() - timedelta(seconds=60)))
    released = a_notification(ada, id=first_id(now() - timedelta(days=2)), shown_at=now())
    again = live.client(ada, last_id)
    again.waits_for("notification", 2)
    assert again.ids() == [released, early]


def test_every_position_of_a_stream_continues_without_gap_or_repetition(
    live: Running, ada: Principal
) -> None:
    client = live.opened(ada)
    entries = [stored(ada) for _ in range(6)]
    client.waits_for("notification", 6)
    assert sorted(client.ids()) == sorted(entries)
    for number, event in enumerate(client.events):
        followed = follow_inbox(event.id, caller=ada)
        got = client.ids()[:number]  # the first event is `ready`
        assert sorted([*got, *(each.id for each in followed.missed)]) == sorted(entries)


def test_heartbeat_has_a_position_too(start: Callable[..., Running], ada: Principal) -> None:
    live = start(heartbeat_seconds=0.1, catch_up_seconds=0.1)
    client = live.opened(ada)
    begun = client.events[0].id
    eventually(lambda: client.heartbeats >= 3 and client.last_id != begun)


def test_too_old_position_asks_for_the_list(live: Running, ada: Principal) -> None:
    for old in (
        Position.of(now() - timedelta(hours=2), []),
        Position.of(now(), [f"{each:08}" for each in range(MAX_LISTED + 1)]),
    ):
        client = live.client(ada, str(old))
        assert client.waits_for("reload") == [{"reason": "missed_too_much"}]
        entry_id = stored(ada)
        client.waits_for("notification")
        assert client.ids() == [entry_id]


def test_who_missed_too_many_loads_the_list(ada: Principal) -> None:
    position = str(Position.of(now() - timedelta(minutes=1), []))
    for _ in range(3):
        a_notification(ada)
    assert len(follow_inbox(position, caller=ada).missed) == 3
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tidings.notifications.live.MAX_MISSED", 2)
        followed = follow_inbox(position, caller=ada)
    assert (followed.missed, followed.is_complete) == ((), False)
    assert len(followed.visible) == 3
    assert MAX_MISSED > 100


def test_archived_entries_are_not_shown_again(ada: Principal) -> None:
    position = str(Position.of(now(), []))
    a_notification(ada, archived_at=now())
    followed = follow_inbox(position, caller=ada)
    assert followed.missed == ()
    assert len(followed.visible) == 1


def test_position_from_the_future_continues_from_now(ada: Principal) -> None:
    entry_id = a_notification(ada)
    followed = follow_inbox(str(Position.of(now() + timedelta(days=1), [])), caller=ada)
    assert [each.id for each in followed.missed] == [entry_id]
    assert followed.read_at <= now()


def test_window_decides_what_may_be_found_again(ada: Principal) -> None:
    a_notification(ada, id=first_id(now() - WINDOW - SECOND))
    recent = a_notification(ada)
    assert follow_inbox(None, caller=ada).visible == {recent}


# ----------------------------------------------------------------------------- rights


def test_only_people_may_follow_and_only_their_own_inbox(ada: Principal) -> None:
    a_notification(ada)
    position = str(Position.of(now(), []))
    for role in (Role.CUSTOMER, Role.OPERATOR, Role.ADMIN):
        assert follow_inbox(position, caller=someone(role)).missed == ()
    with pytest.raises(Forbidden):
        follow_inbox(None, caller=someone(Role.SERVICE))
    with pytest.raises(Unauthenticated):
        follow_inbox(None, caller=None)  # type: ignore[arg-type]


def test_bad_position_is_refused(ada: Principal) -> None:
    with pytest.raises(UnknownPosition):
        follow_inbox("yesterday", caller=ada)


def test_stored_notifications_are_what_the_stream_reads(ada: Principal) -> None:
    entry_id = a_notification(ada, in_inbox=False)
    assert follow_inbox(str(Position.of(now(), [])), caller=ada).missed == ()
    Notification.objects(pk=entry_id).update_one(set__in_inbox=True, set__shown_at=now())
    (found,) = follow_inbox(str(Position.of(now(), [])), caller=ada).missed
    assert found.id == entry_id
