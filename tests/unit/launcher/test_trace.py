"""A request's life is drawn over functions, queues, retries and providers."""

import json
from datetime import UTC, datetime

import pytest

from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.operating.log_record import Record
from tidings_local.launcher.operating.logs import timed
from tidings_local.launcher.operating.trace import _correlation_about, drawn, steps_of

BEGAN = datetime(2026, 11, 30, 10, 0, tzinfo=UTC).timestamp() * 1000
MINE = "request-1"


def call(
    function: str, request: str, start_ms: float, end_ms: float, *lines: dict[str, object]
) -> list[Record]:
    """Return the lines of an invocation, as CloudWatch has them."""
    ended = BEGAN + end_ms
    report = f"REPORT RequestId: {request}\tDuration: {end_ms - start_ms:.2f} ms\tBilled"
    own = [
        json.dumps({"level": "INFO", "aws_request_id": request, "correlation_id": MINE} | each)
        for each in lines
    ]
    texts = [f"START RequestId: {request}", *own, f"END RequestId: {request}", report]
    return timed([Record(ended, function, text, str(i), ended) for i, text in enumerate(texts)])


def at(ms: float) -> str:
    moment = datetime.fromtimestamp((BEGAN + ms) / 1000, UTC)
    return moment.strftime("%Y-%m-%d %H:%M:%S,%f")[:-3] + "+0000"


GATEWAY = call(
    "gateway", "r1", 0, 100, {"message": "order placed", "order_id": "42", "timestamp": at(90)}
)
ORDERS = call(
    "orders",
    "r2",
    300,
    400,
    {"message": "event received", "event_type": "inventory.reserved", "timestamp": at(310)},
    {
        "message": "message failed: retry scheduled",
        "level": "WARNING",
        "seconds": 1,
        "timestamp": at(390),
    },
)
OTHERS = call("orders", "r3", 0, 50, {"correlation_id": "other", "message": "x", "order_id": "7"})
BATCHES = [
    Record(
        BEGAN + 300,
        "bridge",
        json.dumps({"function": "tidings-orders", "queue": "orders", "message": "batch handled"}),
    ),
    Record(
        BEGAN + 900,
        "bridge",
        json.dumps(
            {
                "level": "WARNING",
                "queue": "email.queue",
                "message": "batch failed, it returns to its queue",
                "error": "timeout",
            }
        ),
    ),
]


def test_steps_are_the_requests_invocations_in_order_of_time() -> None:
    steps = steps_of([*ORDERS, *OTHERS, *GATEWAY], MINE)
    assert [each.function for each in steps] == ["gateway", "orders"]
    assert [each.began_ms - BEGAN for each in steps] == [0, 300]
    assert [each.duration_ms for each in steps] == [100, 100]
    assert steps[1].events == ["inventory.reserved"]


def test_invocation_that_still_runs_lasts_until_its_last_line() -> None:
    running = [each for each in ORDERS if not each.text.startswith("REPORT")]
    (step,) = steps_of(running, MINE)
    assert (step.began_ms - BEGAN, step.duration_ms) == (310, 80)


def test_drawing_shows_queues_retries_and_failed_batches() -> None:
    shown = list(drawn(steps_of([*GATEWAY, *ORDERS], MINE), BATCHES, MINE))
    assert shown[0] == f"{MINE}: 2 invocations of 2 functions in 400 ms"
    gateway, placed, orders, retry, failed = shown[1:]
    assert gateway.split("|")[1].count("█") == 10
    assert orders.split("|")[1] == " " * 30 + "█" * 10
    assert orders.endswith("100 ms  from orders (inventory.reserved)")
    assert "order placed  order_id=42" in placed
    assert "WARNING: message failed: retry scheduled  seconds=1" in retry
    assert failed == "bridge: batch failed, it returns to its queue: email.queue timeout"


def test_control_characters_do_not_reach_the_terminal() -> None:
    lines = call("orders", "r4", 0, 50, {"message": "failed\x1b[2J", "order_id": "\x1b[1A"})
    batch = json.dumps({"level": "WARNING", "message": "batch failed", "error": "\x1b]0;x\x07"})
    shown = drawn(steps_of(lines, MINE), [Record(BEGAN, "bridge", batch)], MINE)
    assert not set("".join(shown)) & set("\x1b\x07")


def test_request_is_found_by_its_order() -> None:
    assert _correlation_about([*OTHERS, *GATEWAY], "42") == MINE


@pytest.mark.parametrize(("about", "problem"), [(None, "say which"), ("9", "no line is about 9")])
def test_request_that_cannot_be_found_is_reported(about: str | None, problem: str) -> None:
    with pytest.raises(LauncherError, match=problem):
        _correlation_about(GATEWAY, about)
