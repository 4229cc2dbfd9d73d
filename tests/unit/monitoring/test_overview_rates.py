"""Rates and percentiles of the overview."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tidings.monitoring.overview.rates import (
    functions_of,
    history_of,
    increase,
    percentile,
    queue_history,
    rates_now,
)
from tidings.monitoring.overview.samples import Counters, Kept, QueueSample, Sample
from tidings.platform.observability import metrics
from tidings.platform.observability.metrics import Series

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def a_sample(minutes_ago: float, **values: Any) -> Sample:
    content: dict[str, Any] = {
        "at": NOON - timedelta(minutes=minutes_ago),
        "orders_placed": 0,
        "messages": {},
        "queues": {},
        "outbox_documents": 0,
        "outbox_age_seconds": 0,
        "failed_messages": 0,
    }
    return Sample(**content | values)


def counters(minutes_ago: float, **values: Any) -> Counters:
    content: dict[str, Any] = {
        "calls": {},
        "call_seconds": {},
        "messages": {},
        "message_seconds": {},
    }
    return Counters(at=NOON - timedelta(minutes=minutes_ago), **content | values)


def known(**placed_and_handled: float) -> dict[Series, float]:
    return {
        Series(metrics.EVENTS, (("type", "order.placed"),)): placed_and_handled["placed"],
        Series(metrics.MESSAGES, (("outcome", "handled"), ("queue", "orders"))): placed_and_handled[
            "handled"
        ],
    }


def test_a_counter_that_began_again_grew_by_its_value() -> None:
    assert increase(10, 15) == 5
    assert increase(10, 3) == 3


@pytest.mark.parametrize(
    ("counts", "part", "milliseconds"),
    [
        ({}, 0.5, None),
        ({"0.01": 0.0}, 0.5, None),
        ({"0.01": 10.0}, 0.5, 5.0),
        ({"0.01": 50.0, "0.025": 50.0}, 0.5, 10.0),
        ({"0.01": 50.0, "0.1": 50.0}, 0.95, 95.0),
        ({"0.01": 90.0, "+Inf": 10.0}, 0.95, 30_000.0),
    ],
)
def test_percentile_is_estimated_within_its_bucket(
    counts: dict[str, float], part: float, milliseconds: float | None
) -> None:
    assert percentile(counts, part) == milliseconds


def test_rates_are_over_the_last_full_minute() -> None:
    samples = [
        a_sample(3, orders_placed=0),
        a_sample(1.5, orders_placed=100, messages={"handled": 1000.0}),
        a_sample(0.5, orders_placed=111),
    ]
    orders, messages = rates_now(Kept(samples, None, known(placed=130, handled=1090)), NOON)
    assert orders == 20.0
    assert messages is not None
    assert (messages.handled, messages.retried, messages.dead) == (1.0, 0.0, 0.0)


@pytest.mark.parametrize("samples", [[], [a_sample(0.1)]])
def test_without_an_earlier_sample_no_rate_is_known(samples: list[Sample]) -> None:
    assert rates_now(Kept(samples, None, {}), NOON) == (None, None)


def test_history_has_a_value_for_each_time() -> None:
    samples = [
        a_sample(3, orders_placed=5, messages={"handled": 60.0}),
        a_sample(2, orders_placed=7, messages={"handled": 120.0, "retried": 6.0}),
        a_sample(1, orders_placed=7, messages={"handled": 120.0, "retried": 6.0, "dead": 3.0}),
    ]
    found = history_of(samples)
    assert found.times == [samples[1].at, samples[2].at]
    assert found.orders_per_minute == [2.0, 0.0]
    assert found.handled_per_second == [1.0, 0.0]
    assert found.retried_per_second == [0.1, 0.0]
    assert found.dead_per_second == [0.0, 0.05]
    assert found.outbox_documents == found.failed_messages == [0, 0]


def test_one_sample_is_no_history_yet() -> None:
    assert history_of([a_sample(1)]).times == []
    assert history_of([]).times == []


def test_queue_without_a_sample_has_a_gap() -> None:
    samples = [
        a_sample(3),
        a_sample(2, queues={"orders": QueueSample(4, 1.5)}),
        a_sample(2),  # at the same time: two runs of the rule
        a_sample(1),
    ]
    assert queue_history(samples, "orders") == [QueueSample(4, 1.5), None]
    assert len(history_of(samples).times) == 2


def test_functions_have_rates_and_percentiles_of_the_time_between() -> None:
    before = counters(
        5,
        calls={"place": {"ok": 100.0}, "idle": {"ok": 7.0}},
        call_seconds={"place": {"10.0": 100}},
    )
    now = counters(
        0,
        calls={"place": {"ok": 190.0, "error": 10.0}, "idle": {"ok": 7.0}, "new": {"refused": 5.0}},
        call_seconds={"place": {"10.0": 100, "0.01": 100.0}},
    )
    place, new = functions_of(before, now)
    assert (place.function, place.calls_per_minute, place.errors_per_minute) == ("place", 20.0, 2.0)
    assert (place.p50_ms, place.p95_ms) == (5.0, 9.5)
    assert (new.function, new.refused_per_minute, new.p50_ms) == ("new", 1.0, None)
