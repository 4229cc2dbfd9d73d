"""Scheduled rules run on the minute, never before, and once, with stand-ins for LocalStack."""

from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

from tests.unit.localstack_plugin.stand_in_switches import Job
from tests.unit.localstack_plugin.stand_ins import Shelf

BEGIN = datetime(2026, 11, 30, 22, 58, 40)  # noqa: DTZ001 (as the library reads it)


class Clock:
    """A clock that a wait moves; as `_stop_event` it is set after some waits.

    Args:
        late: by how many seconds the first wait is too long.
    """

    def __init__(self, waits: int, late: float = 0.0) -> None:
        self.at, self.waits, self.late = (BEGIN - datetime(1970, 1, 1)).total_seconds(), waits, late  # noqa: DTZ001

    def time(self) -> float:
        return self.at

    def wait(self, seconds: float) -> bool:
        self.at += seconds + self.late
        self.late = 0.0
        self.waits -= 1
        return self.waits < 0


def run(shelf: Shelf, patch: pytest.MonkeyPatch, clock: Clock, *jobs: Job) -> None:
    from localstack.services.events.scheduler import JobScheduler

    from tidings_local.localstack_plugin import punctual_rules

    punctual_rules.run_on_the_minute()
    patch.setattr(punctual_rules, "time", clock)
    scheduler = SimpleNamespace(_stop_event=clock, jobs=list(jobs))
    JobScheduler.loop(scheduler)


def test_rule_of_the_hour_runs_at_the_hour_and_not_before(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    hourly, other = Job("0 * * * ? *"), Job("0 9 * * ? *")
    run(shelf, monkeypatch, Clock(1), hourly, other)
    assert (hourly.runs, other.runs) == (0, 0)
    run(shelf, monkeypatch, Clock(2), hourly, other)
    assert (hourly.runs, other.runs) == (1, 0)


def test_rule_runs_once_a_minute_and_only_while_it_is_enabled(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    each, fifth, off = Job("*/1 * * * *"), Job("*/5 * * * *"), Job("*/1 * * * *", is_enabled=False)
    run(shelf, monkeypatch, Clock(10), each, fifth, off)
    assert (each.runs, fifth.runs, off.runs) == (10, 2, 0)


def test_wait_that_ends_early_runs_nothing_twice(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    each = Job("*/1 * * * *")
    run(shelf, monkeypatch, Clock(1, late=-0.25), each)
    assert each.runs == 0
    run(shelf, monkeypatch, Clock(3, late=-0.25), each)
    assert each.runs == 2
    run(shelf, monkeypatch, Clock(3, late=0.25), each)
    assert each.runs == 2 + 3


def test_rule_that_was_due_while_the_machine_slept_runs_once(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    hourly = Job("0 * * * ? *")
    run(shelf, monkeypatch, Clock(1, late=timedelta(hours=3).total_seconds()), hourly)
    assert hourly.runs == 1


def test_rule_that_cannot_be_run_does_not_stop_others(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    each = Job("*/1 * * * *")
    run(shelf, monkeypatch, Clock(3), Job("nonsense"), Job("0 * * * ? *"), each)
    assert each.runs == 3
