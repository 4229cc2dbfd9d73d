"""A stream sends each notification once, in order, and says how to continue after it."""

import asyncio
from datetime import timedelta

import pytest

from tests.unit.live.builders import (
    entry,
    entry_id,
    followed,
    opened,
    told,
    unopened,
    waiting,
)
from tidings.notifications.positions import WINDOW, Position, hash_of
from tidings.platform.timing.clock import now
from tidings_live.events import Closing, Reloading
from tidings_live.stream import CLOCKS_DIFFER_BY, MAX_WAITING

SECOND = timedelta(seconds=1)


def test_new_notification_is_sent_once() -> None:
    stream, new = opened(), entry(entry_id())
    stream.offer_new(new)
    stream.offer_new(new)
    (sent,) = waiting(stream)
    stream.offer_new(new)
    assert waiting(stream) == []
    assert (sent.event, sent.content["id"]) == ("notification", new.view.id)
    assert sent.content["body"] == "Your order\nis confirmed."


def test_position_lists_a_notification_only_after_it_was_sent() -> None:
    stream, new = opened(), entry(entry_id())
    stream.offer(new)
    assert hash_of(new.view.id) not in (Position.read(stream.position).sent or ())
    (sent,) = waiting(stream)
    assert sent.id == stream.position
    assert Position.read(stream.position).sent == frozenset({hash_of(new.view.id)})


def test_notification_that_was_stored_late_is_sent_after_later_ones() -> None:
    stream = opened()
    early, late = entry(entry_id(now() - SECOND)), entry(entry_id())
    stream.offer(late)
    stream.offer(early)
    assert [each.content["id"] for each in waiting(stream)] == [late.view.id, early.view.id]


def test_what_the_client_missed_comes_first_and_is_not_sent_again() -> None:
    missed = [entry(entry_id(now() - SECOND, number)) for number in range(3)]
    stream = opened(*missed)
    for each in missed:
        stream.offer_new(each)
    assert [each.content["id"] for each in waiting(stream)] == [each.view.id for each in missed]


def test_signals_during_the_first_read_are_not_lost() -> None:
    stream = unopened()
    seen, during = entry(entry_id(number=1)), entry(entry_id(number=2))
    stream.offer(seen)
    stream.offer(during)
    stream.begin(followed(visible=frozenset({seen.view.id})), lambda: b"event: ready\n\n")
    sent = [(each.event, each.content["id"]) for each in waiting(stream)]
    # What was read may be older than what was signalled.
    assert sent == [("changed", seen.view.id), ("notification", during.view.id)]


def test_changes_during_the_first_read_come_after_it_in_their_order() -> None:
    stream = unopened()
    removed, changed = entry(entry_id(number=1)), entry(entry_id(number=2))
    newer = entry(changed.view.id, read_at=now())
    stream.remove(removed.view.id)
    stream.offer(newer)
    stream.reload(Reloading.MANY_CHANGES)
    stream.begin(followed(removed, changed), lambda: b"event: ready\n\n")
    sent = waiting(stream)
    assert [each.event for each in sent] == ["notification"] * 2 + ["removed", "changed", "reload"]
    assert sent[2].content == {"id": removed.view.id}
    assert sent[3].content["id"] == changed.view.id
    assert sent[3].content["read_at"] is not None


def test_changes_for_a_stream_that_ended_before_its_first_read_are_dropped() -> None:
    stream = unopened()
    stream.remove("gone")
    stream.end(Closing.SESSION_ENDED)
    stream.begin(followed(), lambda: b"event: ready\n\n")
    assert waiting(stream) == []


def test_entry_that_was_there_before_the_stream_is_changed_not_new() -> None:
    stream = opened()
    stream.offer(entry(entry_id(now() - WINDOW - SECOND), read_at=now()))
    (sent,) = waiting(stream)
    assert (sent.event, sent.id) == ("changed", None)
    assert sent.content["read_at"] is not None


def test_sent_entry_that_changes_is_sent_as_changed() -> None:
    stream, new = opened(), entry(entry_id())
    stream.offer(new)
    stream.offer(entry(new.view.id, read_at=now()))
    assert [each.event for each in waiting(stream)] == ["notification", "changed"]


def test_released_notification_with_an_old_id_is_new() -> None:
    stream = opened()
    old = entry_id(now() - timedelta(hours=2))
    stream.offer_new(entry(old, shown_at=now()))
    assert [each.content["id"] for each in waiting(stream)] == [old]


def test_entry_archived_elsewhere_before_it_was_sent_is_not_sent() -> None:
    stream, new = opened(), entry(entry_id())
    stream.offer(entry(new.view.id, archived_at=now()))
    stream.offer_new(new)
    assert waiting(stream) == []


def test_removed_entry_is_named() -> None:
    stream = opened()
    stream.remove("gone")
    (sent,) = waiting(stream)
    assert (sent.event, sent.content) == ("removed", {"id": "gone"})


def test_complete_read_counts_after_what_waits() -> None:
    stream, later = opened(), now() + SECOND
    before = Position.read(stream.position).read_at
    stream.offer(entry(entry_id()))
    stream.read_completely(later)
    assert Position.read(stream.position).read_at == before
    waiting(stream)
    assert Position.read(stream.position).read_at == later


def test_position_does_not_go_back() -> None:
    stream = opened()
    before = stream.position
    stream.read_completely(now() - WINDOW)
    waiting(stream)
    assert stream.position == before


def test_what_no_read_finds_any_more_is_forgotten() -> None:
    stream, new = opened(), entry(entry_id())
    stream.offer(new)
    waiting(stream)
    stream.read_completely(now() + WINDOW + CLOCKS_DIFFER_BY + SECOND)
    waiting(stream)
    assert Position.read(stream.position).sent == frozenset()
    assert not stream.lacks(new.view.id, None)


def test_client_that_does_not_read_is_ended_and_nothing_is_kept_for_it() -> None:
    stream = opened()
    for number in range(MAX_WAITING + 1):
        stream.offer(entry(entry_id(number=number)))
    assert stream.closing is Closing.TOO_SLOW
    assert stream._take() == b""
    assert told(stream.farewell()).content == {"reason": "too_slow"}


def test_first_reason_of_an_end_stays() -> None:
    stream = opened()
    stream.end(Closing.SESSION_ENDED)
    stream.end(Closing.TOO_SLOW)
    assert stream.closing is Closing.SESSION_ENDED


def test_client_that_missed_too_much_is_told_to_load_the_inbox() -> None:
    stream = unopened()
    stream.begin(followed(is_complete=False), lambda: b"event: ready\n\n")
    (sent,) = waiting(stream)
    assert (sent.event, sent.content) == ("reload", {"reason": Reloading.MISSED_TOO_MUCH.value})


def test_without_news_there_is_a_heartbeat_with_the_position() -> None:
    stream = opened()
    waiting(stream)
    beat = told(asyncio.run(stream.next(0.01)))
    assert (beat.event, beat.data, beat.id) == ("", "", stream.position)
    assert beat.comments == [""]


def test_complete_reads_do_not_postpone_the_heartbeat() -> None:
    stream = opened()
    waiting(stream)

    async def read_often() -> None:
        while True:
            await asyncio.sleep(0.05)
            stream.read_completely(now())

    async def beat_meanwhile() -> bytes:
        reads = asyncio.create_task(read_often())
        try:
            return await asyncio.wait_for(stream.next(0.2), 30)
        finally:
            reads.cancel()

    assert told(asyncio.run(beat_meanwhile())).comments == [""]


def test_news_end_the_wait() -> None:
    stream = opened()
    waiting(stream)

    async def told_meanwhile() -> bytes:
        waits = asyncio.create_task(stream.next(3600))
        await asyncio.sleep(0)
        stream.offer(entry(entry_id()))
        return await waits

    assert told(asyncio.run(told_meanwhile())).event == "notification"


@pytest.mark.parametrize("closing", list(Closing))
def test_end_ends_the_wait(closing: Closing) -> None:
    stream = opened()
    waiting(stream)

    async def ended_meanwhile() -> bytes:
        waits = asyncio.create_task(stream.next(3600))
        await asyncio.sleep(0)
        stream.end(closing)
        return await waits

    assert asyncio.run(ended_meanwhile()) == b""
    assert told(stream.farewell()).content == {"reason": closing.value}
