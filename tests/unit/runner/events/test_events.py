"""Accepted events are called at least once."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.unit.runner.builders import an_outcome
from tests.unit.runner.events.builders import ARN, an_event
from tidings_local.lambda_host import Invocation, Outcome
from tidings_local.runner.events import events as module
from tidings_local.runner.events.attempts import Attempts
from tidings_local.runner.events.event import Event
from tidings_local.runner.events.events import OF_EACH_FUNCTION, Events
from tidings_local.runner.events.journal import Journal


class Functions:
    """Counts calls; each waits until a test lets it end."""

    def __init__(self) -> None:
        self.called: Counter[str] = Counter()
        self.may_end = asyncio.Event()
        self.is_error = False

    async def call(self, function: str, invocation: Invocation) -> Outcome:
        self.called[invocation.request_id] += 1
        await self.may_end.wait()
        return an_outcome(is_error=self.is_error)

    async def send(self, event: Event) -> None:
        raise AssertionError("no event has messages")


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


def with_events(
    file: Path, test: Callable[[Events, Functions], Coroutine[Any, Any, None]], now: float = 1000.0
) -> None:
    """Run a test with running events, and stop them as the runner does."""

    async def run() -> None:
        functions = Functions()
        attempts = Attempts(functions.call, functions.send, lambda: now)
        events = Events(file, attempts, lambda: now)
        running = asyncio.create_task(events.run())
        try:
            await test(events, functions)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    asyncio.run(run())


def waiting(file: Path) -> list[Event]:
    return [entry.event for entry in Journal(file).due(10**9, 1000)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "events.sqlite"


def test_accepted_events_are_called_and_removed(file: Path) -> None:
    async def test(events: Events, functions: Functions) -> None:
        functions.may_end.set()
        for number in range(50):
            await events.accept(an_event(request_id=str(number)))
        await until(lambda: len(functions.called) == 50)

    with_events(file, test)
    assert waiting(file) == []


def test_event_is_on_the_disk_before_it_is_accepted(file: Path) -> None:
    async def test(events: Events, _: Functions) -> None:
        await events.accept(an_event())
        assert [event.request_id for event in waiting(file)] == ["r-1"]

    with_events(file, test)


def test_events_of_a_runner_that_was_killed_are_called_by_the_next(file: Path) -> None:
    Journal(file).add(an_event(), 1000)

    async def test(_: Events, functions: Functions) -> None:
        functions.may_end.set()
        await until(lambda: functions.called["r-1"] == 1)

    with_events(file, test)
    assert waiting(file) == []


def test_running_calls_may_end_when_the_runner_stops(file: Path) -> None:
    async def test(events: Events, functions: Functions) -> None:
        await events.accept(an_event())
        await until(lambda: functions.called["r-1"] == 1)
        asyncio.get_running_loop().call_later(0.2, functions.may_end.set)

    with_events(file, test)
    assert waiting(file) == []


def test_call_that_does_not_end_in_time_is_repeated(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DRAIN_SECONDS", 0.1)

    async def test(events: Events, functions: Functions) -> None:
        await events.accept(an_event())
        await until(lambda: functions.called["r-1"] == 1)

    with_events(file, test)
    assert [event.failures for event in waiting(file)] == [0]


def test_running_events_of_a_function_are_limited(file: Path) -> None:
    async def test(events: Events, functions: Functions) -> None:
        for number in range(3 * OF_EACH_FUNCTION):
            await events.accept(an_event(request_id=str(number)))
        await events.accept(an_event(function=f"{ARN}-of-another", request_id="other"))
        await until(lambda: functions.called["other"] == 1)
        assert len(functions.called) == OF_EACH_FUNCTION + 1
        functions.may_end.set()
        await until(lambda: len(functions.called) == 3 * OF_EACH_FUNCTION + 1)

    with_events(file, test)
    assert waiting(file) == []


def test_failed_event_waits_for_its_retry(file: Path) -> None:
    async def test(events: Events, functions: Functions) -> None:
        functions.is_error = True
        functions.may_end.set()
        await events.accept(an_event())
        await until(lambda: functions.called["r-1"] == 1)

    with_events(file, test)
    assert [event.failures for event in waiting(file)] == [1]
    with_events(file, _is_not_called, now=1059.0)
    with_events(file, _is_called, now=1061.0)


async def _is_not_called(_: Events, functions: Functions) -> None:
    await asyncio.sleep(0.2)
    assert not functions.called


async def _is_called(_: Events, functions: Functions) -> None:
    functions.may_end.set()
    await until(lambda: functions.called["r-1"] == 1)
