"""Copies for batches: never stale after a change, never failing, few round trips."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from pydantic import BaseModel

from tests.integration.builders import a_redis_that_is_away, at_once
from tidings.platform.caching import cache
from tidings.platform.caching.snapshots import MARK_SECONDS, Snapshots
from tidings.platform.storage.resting import Resting
from tidings.platform.timing.clock import new_id


class Thing(BaseModel):
    name: str


class Origin:
    """The source of the values; it records the requested keys."""

    def __init__(self, **things: str) -> None:
        self.things = things
        self.asked: list[list[str]] = []
        self.then: Callable[[], object] = lambda: None

    def load(self, keys: list[str]) -> dict[str, Thing]:
        self.asked.append(keys)
        found = {key: Thing(name=self.things[key]) for key in keys if key in self.things}
        self.then()
        return found


@pytest.fixture
def things() -> Iterator[Snapshots[Thing]]:
    yield Snapshots(f"things-{new_id()}", Thing, seconds=30)
    Resting.wake_all()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list of the commands that are sent to the cache."""
    found: list[str] = []
    stock: Any = cache.client().execute_command

    def noted(_: Any, *parts: Any, **options: Any) -> Any:
        found.append(parts[0])
        return stock(*parts, **options)

    monkeypatch.setattr(type(cache.client()), "execute_command", noted)
    return found


def names(things: Snapshots[Thing], origin: Origin, *keys: str) -> dict[str, str]:
    return {key: each.name for key, each in things.get_many(keys, origin.load).items()}


def test_a_batch_takes_two_round_trips_and_then_one(
    things: Snapshots[Thing], sent: list[str]
) -> None:
    keys = [str(number) for number in range(100)]
    origin = Origin(**{key: f"thing {key}" for key in keys})
    first = things.get_many(keys, origin.load)
    assert (sent, origin.asked) == (["EVAL", "EVAL"], [keys])
    assert things.get_many(keys, origin.load) == first
    assert (sent, origin.asked) == (["EVAL"] * 3, [keys])


def test_only_missing_values_are_loaded(things: Snapshots[Thing]) -> None:
    origin = Origin(a="one", b="two")
    names(things, origin, "a")
    assert names(things, origin, "a", "b") == {"a": "one", "b": "two"}
    assert origin.asked == [["a"], ["b"]]


def test_what_does_not_exist_is_asked_for_each_time(things: Snapshots[Thing]) -> None:
    origin = Origin()
    assert names(things, origin, "a") == {}
    origin.things["a"] = "one"
    assert names(things, origin, "a") == {"a": "one"}


def test_no_key_asks_nobody(things: Snapshots[Thing], sent: list[str]) -> None:
    origin = Origin()
    assert things.get_many([], origin.load) == {}
    things.forget([])
    assert (sent, origin.asked) == ([], [])


def test_change_is_seen_at_once(things: Snapshots[Thing]) -> None:
    origin = Origin(a="one")
    names(things, origin, "a")
    origin.things["a"] = "two"
    assert names(things, origin, "a") == {"a": "one"}
    things.forget(["a"])
    assert names(things, origin, "a") == {"a": "two"}


def test_value_that_was_read_before_a_change_is_not_stored_after_it(
    things: Snapshots[Thing],
) -> None:
    origin = Origin(a="one")

    def change() -> None:
        origin.then = lambda: None
        origin.things["a"] = "two"
        things.forget(["a"])

    origin.then = change
    assert names(things, origin, "a") == {"a": "one"}
    assert names(things, origin, "a") == {"a": "two"}


def test_value_of_before_is_not_stored_even_if_another_reader_came_after_the_change(
    things: Snapshots[Thing],
) -> None:
    slow, quick = Origin(a="one"), Origin(a="two")

    def change_and_read() -> None:
        things.forget(["a"])
        assert names(things, quick, "a") == {"a": "two"}

    slow.then = change_and_read
    assert names(things, slow, "a") == {"a": "one"}
    assert names(things, quick, "a") == {"a": "two"}
    assert len(quick.asked) == 1


def test_evicted_mark_stores_nothing(things: Snapshots[Thing]) -> None:
    origin = Origin(a="one")
    origin.then = lambda: cache.client().delete(*things._names("a"))
    names(things, origin, "a")
    assert not cache.client().exists(*things._names("a"))


def test_copy_and_mark_end(things: Snapshots[Thing]) -> None:
    names(things, Origin(a="one"), "a")
    copy, mark = things._names("a")
    assert 0 < cache.client().ttl(copy) <= 30
    assert 0 < cache.client().ttl(mark) <= MARK_SECONDS


def test_many_readers_and_changes_at_once_end_with_the_last_value(
    things: Snapshots[Thing],
) -> None:
    origin = Origin(a="0")

    def change(number: int) -> None:
        origin.things["a"] = str(number)
        things.forget(["a"])

    def read() -> None:
        names(things, origin, "a")

    changes: list[Callable[[], None]] = [partial(change, number) for number in range(1, 10)]
    at_once([*[read] * 20, *changes])
    assert names(things, origin, "a") == {"a": origin.things["a"]}


def test_copy_of_another_version_of_the_code_is_not_used(things: Snapshots[Thing]) -> None:
    cache.client().set(things._names("a")[0], '{"title": "one"}')
    assert names(things, Origin(a="two"), "a") == {"a": "two"}


def test_without_redis_all_is_loaded(
    things: Snapshots[Thing], monkeypatch: pytest.MonkeyPatch
) -> None:
    origin = Origin(a="one", b="two")
    names(things, origin, "a")
    monkeypatch.setattr(cache, "client", a_redis_that_is_away)
    for _ in range(2):
        assert names(things, origin, "a", "b") == {"a": "one", "b": "two"}
    things.forget(["a"])
    assert origin.asked == [["a"], ["a", "b"], ["a", "b"]]
