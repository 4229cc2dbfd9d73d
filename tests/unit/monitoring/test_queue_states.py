"""The state of a queue follows from the latest minute, and a slow consumer is seen."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tidings.monitoring.overview.queue_states import Handling, handling_of, state_of
from tidings.monitoring.overview.samples import Counters, Kept
from tidings.platform.messaging.queues import QueueDepth
from tidings.platform.observability import metrics
from tidings.platform.observability.metrics import Series

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
OF = (("queue", "orders"),)


def state(
    name: str = "orders",
    messages: int = 0,
    consumers: int = 1,
    age: float | None = 0.0,
    **handling: Any,
) -> str:
    return state_of(name, QueueDepth(messages, consumers), age, Handling(**handling))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"consumers": 0}, "no_consumer"),
        ({"consumers": 0, "messages": 5, "dead": 1}, "no_consumer"),
        ({"dead": 1, "messages": 5}, "failing"),
        ({"age": 301.0, "messages": 5}, "stalled"),
        ({"age": 301.0, "messages": 5, "handled": 65}, "waiting"),
        ({"retried": 1, "lag_seconds": 25.0}, "retrying"),
        ({"lag_seconds": 25.0}, "slow"),
        ({"lag_seconds": 25.0, "messages": 5}, "slow"),
        ({"lag_seconds": 9.9}, "quiet"),
        ({"lag_seconds": 25.0, "has_retries": True}, "quiet"),
        ({"lag_seconds": 86_400.0}, "quiet"),  # it was redriven
        ({"messages": 5}, "waiting"),
        ({"age": None}, "quiet"),
        ({"name": "retry.5s", "consumers": 0}, "quiet"),
        ({"name": "failed-messages", "consumers": 0}, "no_consumer"),
        ({"name": "unreadable-messages", "consumers": 0, "messages": 1}, "waiting"),
    ],
)
def test_worst_state_is_told(values: dict[str, Any], expected: str) -> None:
    assert state(**values) == expected


def counters(minutes_ago: int, **outcomes: float) -> Counters:
    return Counters(
        at=NOON - timedelta(minutes=minutes_ago),
        calls={},
        call_seconds={},
        messages={"orders": dict(outcomes)},
        message_seconds={},
    )


def kept(handled_seconds_ago: float = 5, lag: float = 25.0) -> Kept:
    known = {
        Series(metrics.HANDLED_AT, OF): NOON.timestamp() - handled_seconds_ago,
        Series(metrics.MESSAGE_LAG, OF): lag,
    }
    before, lately = counters(5, dead=1, retried=1, handled=3), counters(1, dead=4, handled=9)
    return Kept([], before, known, lately)


def test_failures_of_minutes_ago_are_over() -> None:
    found = handling_of("orders", kept(), counters(0, dead=4, retried=1, handled=12), NOON)
    assert (found.dead, found.handled) == (0, 3)


def test_failures_of_the_latest_minute_are_told_without_older_counters() -> None:
    young = kept()._replace(lately=None)
    assert handling_of("orders", young, counters(0, dead=4, handled=12), NOON).dead == 3


@pytest.mark.parametrize(("seconds_ago", "lag"), [(119, 25.0), (121, None)])
def test_only_a_message_that_was_handled_lately_tells_the_lag(
    seconds_ago: float, lag: float | None
) -> None:
    found = handling_of("orders", kept(seconds_ago), counters(0, handled=12), NOON)
    assert found.lag_seconds == lag


def test_nothing_is_known_without_redis() -> None:
    assert handling_of("orders", None, None, NOON) == Handling()
