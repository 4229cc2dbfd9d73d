"""Reads through Redis: never stale after a change, never failing, loaded once."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from pydantic import BaseModel

from tests.integration.builders import at, at_once
from tidings.platform.caching import cache
from tidings.platform.caching.cache import LEASE_SECONDS, ReadThrough
from tidings.platform.timing.clock import new_id


class Thing(BaseModel):
    name: str


class Origin:
    """The source of the values; it records the requested ids."""

    def __init__(self, **things: str) -> None:
        self.things = things
        self.asked: list[list[str]] = []

    def load(self, keys: list[str]) -> dict[str, Thing]:
        self.asked.append(keys)
        return {key: Thing(name=self.things[key]) for key in keys if key in self.things}


@pytest.fixture
def things() -> ReadThrough[Thing]:
    return ReadThrough(f"things-{new_id()}", Thing, ttl_seconds=30)


@pytest.fixture
def no_redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(cache, "cache_url", at("redis://127.0.0.1:1/0"))
    cache.service.cache_clear()
    yield
    cache.service.cache_clear()


def test_second_reader_loads_nothing(things: ReadThrough[Thing]) -> None:
    origin = Origin(a="one", b="two")
    first = things.get_many(["b", "a"], origin.load)
    second = things.get_many(["b", "a"], origin.load)
    assert first == second == {"b": Thing(name="two"), "a": Thing(name="one")}
    assert list(first) == ["b", "a"]
    assert origin.asked == [["b", "a"]]


def test_only_missing_values_are_loaded(things: ReadThrough[Thing]) -> None:
    origin = Origin(a="one", b="two")
    things.get_many(["a"], origin.load)
    assert set(things.get_many(["a", "b"], origin.load)) == {"a", "b"}
    assert origin.asked == [["a"], ["b"]]


def test_missing_object_is_not_cached(things: ReadThrough[Thing]) -> None:
    origin = Origin()
    assert things.get_many(["a"], origin.load) == {}
    origin.things["a"] = "one"
    assert things.get_many(["a"], origin.load) == {"a": Thing(name="one")}


def test_no_ids_cause_no_request(things: ReadThrough[Thing]) -> None:
    origin = Origin()
    assert things.get_many([], origin.load) == {}
    assert origin.asked == []


def test_forgotten_value_is_loaded_again(things: ReadThrough[Thing]) -> None:
    origin = Origin(a="old", b="same")
    things.get_many(["a", "b"], origin.load)
    origin.things["a"] = "new"
    things.forget(["a"])
    assert things.get_many(["a", "b"], origin.load)["a"] == Thing(name="new")
    assert origin.asked[1:] == [["a"]]


def test_value_read_before_a_change_is_not_cached_after_it(things: ReadThrough[Thing]) -> None:
    origin = Origin(a="old")

    def load_while_it_changes() -> Thing:
        read = origin.load(["a"])["a"]
        origin.things["a"] = "new"
        things.forget(["a"])
        return read

    assert things.get("a", load_while_it_changes) == Thing(name="old")
    assert things.get("a", lambda: origin.load(["a"])["a"]) == Thing(name="new")
    assert things.get("a", lambda: None) == Thing(name="new")


def test_twenty_concurrent_readers_load_once(
    things: ReadThrough[Thing], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The other readers wait until the value is loaded, also on a busy machine.
    monkeypatch.setattr(cache, "WAITS_SECONDS", (0.05,) * 1200)
    monkeypatch.setattr(cache, "LEASE_SECONDS", 120)
    origin, others_wait = Origin(a="one"), threading.Event()

    def load() -> Thing:
        others_wait.wait(0.05)
        return origin.load(["a"])["a"]

    read = at_once([lambda: things.get("a", load)] * 20)
    assert read == [Thing(name="one")] * 20
    assert len(origin.asked) == 1


def test_value_stored_after_a_reader_looked_is_not_loaded_again(
    things: ReadThrough[Thing], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other reader's lease has ended by then, so that this one gets it."""
    take_leases = things._take_leases

    def slowly(keys: list[str]) -> Any:
        monkeypatch.undo()
        assert things.get("a", lambda: Thing(name="one")) == Thing(name="one")
        return take_leases(keys)

    monkeypatch.setattr(things, "_take_leases", slowly)
    assert things.get("a", lambda: Thing(name="two")) == Thing(name="one")
    assert cache.client().keys(f"*{things._name}:a:lease") == []


def test_crashed_reader_delays_others_only_briefly(things: ReadThrough[Thing]) -> None:
    def dies() -> Thing:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        things.get("a", dies)
    assert things.get("a", lambda: Thing(name="one")) == Thing(name="one")
    (lease,) = cache.client().keys(f"*{things._name}:a:lease")
    assert 0 < cache.client().ttl(lease) <= LEASE_SECONDS


def test_values_expire_in_time(things: ReadThrough[Thing]) -> None:
    things.get("a", lambda: Thing(name="one"))
    (key,) = cache.client().keys(f"*{things._name}:a")
    assert 0 < cache.client().ttl(key) <= 30


def test_value_of_another_code_version_is_loaded_again(things: ReadThrough[Thing]) -> None:
    things.get("a", lambda: Thing(name="one"))
    (key,) = cache.client().keys(f"*{things._name}:a")
    cache.client().set(key, '{"title": "one"}')
    assert things.get("a", lambda: Thing(name="two")) == Thing(name="two")


def test_without_redis_everything_is_loaded(things: ReadThrough[Thing], no_redis: None) -> None:
    origin = Origin(a="one")
    for _ in range(2):
        assert things.get_many(["a"], origin.load) == {"a": Thing(name="one")}
        things.forget(["a"])
    assert len(origin.asked) == 2


def test_redis_that_does_not_answer_is_not_asked_for_a_while(
    things: ReadThrough[Thing], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def silent() -> redis.Redis:
        calls.append(1)
        raise redis.TimeoutError

    monkeypatch.setattr(cache, "client", silent)
    for _ in range(10):
        things.get("a", lambda: Thing(name="one"))
    assert len(calls) == 1
