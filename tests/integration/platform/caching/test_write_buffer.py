"""Notes are collected in Redis and taken as one batch, which keeps its id when repeated."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import redis

from tests.integration.builders import a_redis_that_is_away, at_once
from tidings.platform.caching import cache
from tidings.platform.caching.write_buffer import WriteBuffer

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
NOTES = WriteBuffer("tests", most=3, seconds=60.0)


def test_later_note_of_the_same_name_replaces_the_earlier_one() -> None:
    NOTES.note("ada", {"a": "1"}, NOON)
    NOTES.note("ada", {"a": "2", "b": "3"}, NOON)
    batch = NOTES.take("ada")
    assert batch is not None
    assert dict(batch.notes) == {"a": "2", "b": "3"}


def test_batch_is_due_when_it_is_full_or_old() -> None:
    assert NOTES.note("ada", {"a": "1", "b": "1"}, NOON) is False
    assert NOTES.note("ada", {"c": "1"}, NOON) is True
    assert NOTES.note("bob", {"a": "1"}, NOON) is False
    assert NOTES.note("bob", {"a": "2"}, NOON + timedelta(seconds=60)) is True


def test_owners_are_ordered_by_the_age_of_their_first_note() -> None:
    NOTES.note("ada", {"a": "1"}, NOON)
    NOTES.note("ada", {"b": "1"}, NOON + timedelta(seconds=50))
    NOTES.note("bob", {"a": "1"}, NOON + timedelta(seconds=30))
    assert NOTES.due(NOON + timedelta(seconds=59), 10) == []
    assert NOTES.due(NOON + timedelta(seconds=60), 10) == ["ada"]
    assert NOTES.due(NOON + timedelta(seconds=90), 10) == ["ada", "bob"]


def test_batch_that_was_not_dropped_is_taken_again_unchanged() -> None:
    NOTES.note("ada", {"a": "1"}, NOON)
    first = NOTES.take("ada")
    NOTES.note("ada", {"b": "1"}, NOON)
    assert NOTES.take("ada") == first
    assert first is not None
    NOTES.drop("ada", first.id, NOON)
    second = NOTES.take("ada")
    assert second is not None
    assert (second.id != first.id, dict(second.notes)) == (True, {"b": "1"})


def test_notes_added_while_a_batch_is_stored_wait() -> None:
    NOTES.note("ada", {"a": "1"}, NOON)
    batch = NOTES.take("ada")
    NOTES.note("ada", {"b": "1"}, NOON)
    assert batch is not None
    NOTES.drop("ada", batch.id, NOON + timedelta(seconds=5))
    assert NOTES.due(NOON + timedelta(seconds=64), 10) == []
    assert NOTES.due(NOON + timedelta(seconds=65), 10) == ["ada"]


def test_late_drop_of_another_batch_loses_nothing() -> None:
    NOTES.note("ada", {"a": "1"}, NOON)
    assert NOTES.take("ada") is not None
    NOTES.drop("ada", "another", NOON)
    assert NOTES.take("ada") is not None


def test_owner_without_notes_does_not_wait() -> None:
    NOTES.note("ada", {"a": "1"}, NOON)
    batch = NOTES.take("ada")
    assert batch is not None
    NOTES.drop("ada", batch.id, NOON)
    assert NOTES.take("ada") is None
    assert NOTES.due(NOON + timedelta(days=1), 10) == []


def test_concurrent_takers_get_the_same_batch() -> None:
    NOTES.note("ada", {"a": "1"}, NOON)
    taken = at_once([partial(NOTES.take, "ada")] * 6)
    assert len({each.id for each in taken if each}) == 1


def test_forgotten_owner_has_nothing() -> None:
    NOTES.note("ada", {"a": "1"}, NOON)
    NOTES.take("ada")
    NOTES.note("ada", {"b": "1"}, NOON)
    NOTES.forget("ada")
    assert NOTES.take("ada") is None
    assert NOTES.due(NOON + timedelta(days=1), 10) == []


def test_without_redis_nothing_is_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = a_redis_that_is_away()
    monkeypatch.setattr(cache, "client", lambda: nowhere)
    unreachable = WriteBuffer("tests", most=3, seconds=60.0)
    assert unreachable.note("ada", {"a": "1"}, NOON) is None
    assert unreachable.take("ada") is None
    assert unreachable.due(NOON, 10) == []
    unreachable.drop("ada", "any", NOON)


def test_redis_is_not_asked_for_a_moment_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def nobody() -> None:
        asked.append(1)
        raise redis.ConnectionError

    monkeypatch.setattr(cache, "client", nobody)
    unreachable = WriteBuffer("tests", most=3, seconds=60.0)
    for _ in range(5):
        unreachable.note("ada", {"a": "1"}, NOON)
    assert len(asked) == 1
