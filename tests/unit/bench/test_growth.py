"""The benchmark of growth: its figures, and how it waits for the database."""

from collections.abc import Iterator

import pytest

from tests.bench import growth
from tests.bench.data.sized import Round
from tests.bench.growth import Figures


def test_p95_is_that_of_all_calls_and_cpu_that_of_the_least_round() -> None:
    busy = Round(spent=[float(each) for each in range(1, 51)], own=100, database=200, commands=50)
    calm = Round(spent=[float(each) for each in range(51, 101)], own=50, database=100, commands=50)

    figures = Figures([busy, calm])

    assert (figures.calls, figures.p95) == (100, 95)
    assert (figures.own, figures.database, figures.cpu) == (1, 2, 3)
    assert figures.commands == 1


class Clock:
    """Seconds that pass by sleeping, and the CPU that a database has used by then."""

    def __init__(self, shares: Iterator[float]) -> None:
        self.now = self.used = 0.0
        self._shares = shares

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.used += seconds * next(self._shares)


def awaited(monkeypatch: pytest.MonkeyPatch, shares: Iterator[float]) -> str:
    clock = Clock(shares)
    monkeypatch.setattr("tests.bench.growth.time.sleep", clock.sleep)
    monkeypatch.setattr("tests.bench.growth.time.monotonic", lambda: clock.now)
    monkeypatch.setattr(growth, "cpu_seconds", lambda _: clock.used)
    return growth._await_rest(1)


def test_the_database_is_at_rest_after_five_quiet_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    shares = iter([0.9, 0.01, 0.01, 0.3, *[0.01] * 5])
    assert awaited(monkeypatch, shares) == "The database was at rest 9 seconds after the filling."


def test_a_database_that_never_rests_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told = awaited(monkeypatch, iter(lambda: 0.4, None))
    assert told == "The database still used 40% of a processor after 150 seconds."
