"""Events are called despite faults of the disk, the clock or an attempt."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.runner.events.builders import ARN, an_event
from tests.unit.runner.events.test_events import Functions, until, waiting
from tidings_local.runner.events import events as module
from tidings_local.runner.events.attempts import Attempts
from tidings_local.runner.events.events import Events
from tidings_local.runner.events.journal import Journal

FULL = sqlite3.OperationalError("database or disk is full")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "events.sqlite"


@pytest.fixture(autouse=True)
def short_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FAULT_SECONDS", 0.01)


def failing(
    monkeypatch: pytest.MonkeyPatch, name: str, times: int, error: Exception = FULL
) -> None:
    """Make a method of the journal fail this number of times, then work."""
    real: Callable[..., Any] = getattr(Journal, name)
    left = [error] * times

    def method(self: Journal, *arguments: Any) -> Any:
        if left:
            raise left.pop()
        return real(self, *arguments)

    monkeypatch.setattr(Journal, name, method)


def called_until(
    file: Path,
    is_enough: Callable[[Functions], bool],
    *,
    clock: Callable[[], float] = lambda: 1000.0,
    accept: int = 1,
) -> Functions:
    """Accept events, and run them until the functions had this number of calls."""

    async def run() -> Functions:
        functions = Functions()
        functions.may_end.set()
        events = Events(file, Attempts(functions.call, functions.send, clock), clock)
        running = asyncio.create_task(events.run())
        for number in range(accept):
            await events.accept(an_event(request_id=str(number)))
        try:
            await until(lambda: is_enough(functions))
            await asyncio.sleep(0.05)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        return functions

    return asyncio.run(run())


@pytest.mark.parametrize("method", ["due", "next_due"])
def test_unreadable_disk_stops_no_calls(
    file: Path, monkeypatch: pytest.MonkeyPatch, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    failing(monkeypatch, method, times=3)
    functions = called_until(file, lambda made: made.called["0"] == 1)
    assert functions.called == {"0": 1}
    assert "the journal of events cannot be read" in caplog.text
    assert waiting(file) == []


def test_event_whose_end_cannot_be_written_is_called_again(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failing(monkeypatch, "remove", times=2)
    functions = called_until(file, lambda made: made.called["0"] == 3)
    assert functions.called == {"0": 3}
    assert "an event was not finished" in caplog.text
    assert waiting(file) == []


def test_event_that_is_not_on_the_disk_is_not_accepted(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, "add", times=1)
    with pytest.raises(sqlite3.OperationalError, match="full"):
        called_until(file, lambda _: False)
    assert waiting(file) == []


def test_event_that_becomes_due_during_a_round_is_not_missed(file: Path) -> None:
    """The event becomes due after the loop reads the due events and before it sleeps."""
    Journal(file).add(an_event(request_id="waits"), 1005)
    times = iter([1000.0])
    functions = called_until(
        file, lambda made: made.called["waits"] == 1, clock=lambda: next(times, 1010.0), accept=0
    )
    assert functions.called == {"waits": 1}


def test_fault_of_an_attempt_does_not_finish_its_event(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, left = Attempts.make, [RuntimeError("a fault of ours")]

    async def make(self: Attempts, *arguments: Any) -> Any:
        if left:
            raise left.pop()
        return await real(self, *arguments)

    monkeypatch.setattr(Attempts, "make", make)
    functions = called_until(file, lambda made: made.called["0"] == 1)
    assert functions.called == {"0": 1}
    assert waiting(file) == []


def test_two_runners_on_one_file_lose_no_event(file: Path) -> None:
    """Each event is called at least once; removing it a second time is no fault."""

    async def run() -> list[Functions]:
        made = [Functions(), Functions()]
        runners = [
            Events(file, Attempts(f.call, f.send, lambda: 1000.0), lambda: 1000.0) for f in made
        ]
        running = [asyncio.create_task(each.run()) for each in runners]
        for number in range(20):
            event = an_event(request_id=str(number), function=f"{ARN}-{number}")
            await runners[number % 2].accept(event)
        for functions in made:
            functions.may_end.set()
        await until(lambda: len(made[0].called | made[1].called) == 20)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        return made

    first, second = asyncio.run(run())
    assert set(first.called | second.called) == {str(number) for number in range(20)}
    assert waiting(file) == []
