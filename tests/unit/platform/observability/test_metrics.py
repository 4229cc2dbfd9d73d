"""Metrics are counted in this process; the number of series is bounded."""

import gc
import weakref
from collections.abc import Iterator
from typing import ClassVar

import pytest

from tests.waiting import eventually
from tidings.platform.caching import cache
from tidings.platform.errors import NotFound
from tidings.platform.observability import metrics

# The other unit tests have none (conftest.py).
REAL_FLUSH = metrics.flush


@pytest.fixture(autouse=True)
def counts() -> Iterator[None]:
    for kept in (metrics._added, metrics._noted, metrics._handled, metrics._known):
        kept.clear()
    yield
    for kept in (metrics._added, metrics._noted, metrics._handled, metrics._known):
        kept.clear()


def counted() -> dict[tuple[str, ...], float]:
    return {
        (series.name, *(value for _, value in series.labels)): amount
        for series, amount in ((metrics._series(field), n) for field, n in metrics._added.items())
    }


def test_counts_of_the_same_series_are_added() -> None:
    metrics.count("events", {"type": "a", "outcome": "ok"})
    metrics.count("events", {"outcome": "ok", "type": "a"}, 2)
    assert counted() == {("events", "ok", "a"): 3}


def test_process_with_too_many_series_drops_and_counts_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(metrics, "MAX_SERIES", 3)
    for number in range(5):
        metrics.count("events", {"type": str(number)})
    metrics.count("events", {"type": "1"})
    assert counted() == {
        ("events", "0"): 1,
        ("events", "1"): 2,
        ("events", "2"): 1,
        (metrics.UNCOUNTED,): 2,
    }


def test_series_stay_bounded_after_a_flush(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MAX_SERIES", 1)
    metrics.count("events", {"type": "a"})
    metrics._added.clear()  # as a flush does
    metrics.count("events", {"type": "b"})
    assert counted() == {(metrics.UNCOUNTED,): 1}


def test_only_slow_batches_are_counted() -> None:
    metrics.count_batch("orders", 9.9)
    metrics.count_batch("inventory", 10.0)
    assert counted() == {(metrics.SLOW_BATCHES, "inventory"): 1}


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(None, "ok"), (NotFound("no"), "refused"), (ValueError(), "error")],
)
def test_outcome_is_that_of_the_status(error: Exception | None, outcome: str) -> None:

    assert metrics.outcome_of(error) == outcome


def test_counts_of_the_last_call_are_added_without_another_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    added: list[float] = []
    monkeypatch.setattr(metrics, "flush", REAL_FLUSH)
    monkeypatch.setattr(metrics, "FLUSH_SECONDS", 0.05)
    monkeypatch.setattr(metrics, "_not_before", 0.0)
    monkeypatch.setattr(metrics, "_add", lambda counts, *_: added.append(sum(counts.values())))
    for _ in range(3):
        metrics.count("events", {"type": "a"})
        metrics.flush()
    eventually(lambda: sum(added) == 3, seconds=60)
    assert len(added) == 2  # the first one at once, the others together


class Client:
    """Stands in for the library's client, which closes its connections when it is deleted."""

    def pipeline(self, *, transaction: bool) -> "Pipeline":
        return Pipeline(weakref.ref(self))


class Pipeline:
    """As in the library, it refers to the connections, and not to the client."""

    had_client: ClassVar[list[bool]] = []

    def __init__(self, client: weakref.ref[Client]) -> None:
        self._client = client

    def hincrbyfloat(self, *_: object) -> None:
        pass

    def execute(self) -> None:
        gc.collect()
        self.had_client.append(self._client() is not None)


def test_flush_keeps_its_client_until_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "client", Client)
    monkeypatch.setattr(metrics, "_not_before", 0.0)
    monkeypatch.setattr(Pipeline, "had_client", [])
    metrics.count("events", {"type": "a"})
    REAL_FLUSH()
    assert Pipeline.had_client == [True]
