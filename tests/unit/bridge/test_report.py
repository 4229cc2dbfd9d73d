"""The metrics, the health page and the log report the same state of a mapping."""

import json
import logging
import threading
import time
import urllib.error
import urllib.request
from typing import Any, cast

import pytest
from pika.adapters.blocking_connection import BlockingChannel
from pika.spec import Basic, BasicProperties
from prometheus_client import generate_latest

from tidings_local.bridge.batching import Delivery, Pending
from tidings_local.bridge.http_server import StatusServer
from tidings_local.bridge.intake import Intake
from tidings_local.bridge.lambda_api import Outcome, Result
from tidings_local.bridge.mapping import Mapping
from tidings_local.bridge.metrics import Metrics
from tidings_local.bridge.report import MAX_LOGGED_CORRELATION_IDS, MappingReport, State
from tidings_local.bridge.stop_signal import StopSignal

LABELS = {"queue": "orders", "function": "tidings-orders"}


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def report(metrics: Metrics) -> MappingReport:
    mapping = Mapping.model_validate(
        {
            "UUID": "1",
            "EventSourceArn": "arn:aws:mq:us-east-1:000000000000:broker:tidings:b-1",
            "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:tidings-orders",
            "Queues": ["orders"],
            "BatchSize": 7,
        }
    )
    return MappingReport(mapping, metrics)


def value(metrics: Metrics, name: str, **more: str) -> float | None:
    return metrics.registry.get_sample_value(f"tidings_bridge_{name}", LABELS | more)


def deliveries(*correlation_ids: str | None) -> list[Delivery]:
    return [Delivery(tag, b"{}", 0.0, each) for tag, each in enumerate(correlation_ids)]


# ------------------------------------------------------------------------ the report


@pytest.mark.parametrize(
    ("state", "is_connected"),
    [
        (State.CONNECTING, 0),
        (State.QUEUE_MISSING, 0),
        (State.CONSUMING, 1),
        (State.BACKING_OFF, 1),
        (State.DRAINING, 1),
        (State.STOPPED, 0),
    ],
)
def test_state_shows_whether_the_broker_is_connected(
    report: MappingReport, metrics: Metrics, state: State, is_connected: int
) -> None:
    report.enters(state)
    assert report.snapshot()["state"] == state.value
    assert value(metrics, "broker_connected") == is_connected


def test_messages_are_counted_by_outcome(report: MappingReport, metrics: Metrics) -> None:
    report.counts("delivered", 3)
    report.counts("acked", 2)
    report.counts("delivered")
    assert report.snapshot()["messages"] == {"delivered": 4, "acked": 2}
    assert value(metrics, "messages_total", outcome="delivered") == 4


def test_invocations_under_way_are_counted_from_many_threads(
    report: MappingReport, metrics: Metrics
) -> None:
    def many() -> None:
        for _ in range(500):
            report.begins(1.0)
            report.ends(1.0)

    threads = [threading.Thread(target=many) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    report.begins(1.0)
    assert report.snapshot()["in_flight"] == 1
    assert value(metrics, "in_flight") == 1


def test_health_and_metrics_tell_how_long_the_calls_take(
    report: MappingReport, metrics: Metrics
) -> None:
    told = report.snapshot()
    assert (told["running_seconds"], told["last_seconds"]) == (None, None)
    assert value(metrics, "running_seconds") == 0
    at = time.monotonic()
    report.begins(at - 5)
    report.begins(at - 25)
    assert 25 <= report.snapshot()["running_seconds"] < 60
    assert 25 <= (value(metrics, "running_seconds") or 0) < 60
    report.ends(at - 25)
    report.invoked(deliveries("a"), Outcome(Result.SUCCESS), 25.04)
    told = report.snapshot()
    assert 5 <= told["running_seconds"] < 25
    assert told["last_seconds"] == 25.0


def test_handled_batch_is_a_success_in_all_places(
    report: MappingReport, metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    report.invoked(deliveries("a", "b", "a", None), Outcome(Result.SUCCESS), 0.25)
    found = report.snapshot()
    assert found["last_success"] is not None
    assert found["last_error"] is None
    assert value(metrics, "invocations_total", result="success") == 1
    assert value(metrics, "batch_messages_sum") == 4
    assert value(metrics, "invoke_seconds_sum") == 0.25
    (line,) = caplog.records
    told: Any = line.__dict__
    assert (told["batch_size"], told["duration_ms"]) == (4, 250.0)
    assert told["correlation_ids"] == ["a", "b"]


@pytest.mark.parametrize(("seconds", "slow"), [(9.99, 0), (10.0, 1), (25.136, 1)])
def test_slow_call_is_a_warning(
    report: MappingReport, caplog: pytest.LogCaptureFixture, seconds: float, slow: int
) -> None:
    report.invoked(deliveries("a"), Outcome(Result.SUCCESS), seconds)
    lines = [line for line in caplog.records if line.levelname == "WARNING"]
    assert [line.message for line in lines] == ["slow call"] * slow
    for line in lines:
        told = {"queue": "orders", "function": "tidings-orders", "duration_ms": seconds * 1000}
        assert line.__dict__.items() >= told.items()


@pytest.mark.parametrize("result", [each for each in Result if each is not Result.SUCCESS])
def test_failed_batch_has_a_reason(
    report: MappingReport, metrics: Metrics, caplog: pytest.LogCaptureFixture, result: Result
) -> None:
    report.invoked(deliveries("a"), Outcome(result, "Task timed out"), 3.0)
    found = report.snapshot()
    assert found["last_success"] is None
    assert found["last_error"]["what"] == f"{result}: Task timed out"
    assert value(metrics, "invocations_total", result=result.value) == 1
    (line,) = caplog.records
    assert line.levelname == "WARNING"


def test_a_later_success_does_not_hide_the_last_error(report: MappingReport) -> None:
    report.fails("queue is missing")
    report.invoked(deliveries("a"), Outcome(Result.SUCCESS), 0.1)
    assert report.snapshot()["last_error"]["what"] == "queue is missing"


def test_large_batch_makes_a_bounded_log_line(
    report: MappingReport, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    batch = deliveries(*(str(number) for number in range(10 * MAX_LOGGED_CORRELATION_IDS)))
    report.invoked(batch, Outcome(Result.SUCCESS), 0.1)
    told: Any = caplog.records[0].__dict__
    assert len(told["correlation_ids"]) == MAX_LOGGED_CORRELATION_IDS


def test_removed_mapping_has_no_state_and_keeps_its_counts(
    report: MappingReport, metrics: Metrics
) -> None:
    report.enters(State.CONSUMING)
    report.begins(1.0)
    report.counts("acked")
    metrics.forget("orders", "tidings-orders")
    assert value(metrics, "broker_connected") is None
    assert value(metrics, "in_flight") is None
    assert value(metrics, "messages_total", outcome="acked") == 1


# ------------------------------------------------------------------------ the intake


class Channel:
    """A channel that records the messages published to it."""

    def __init__(self) -> None:
        self.rejected: list[tuple[int, bool]] = []

    def basic_reject(self, tag: int, requeue: bool) -> None:
        self.rejected.append((tag, requeue))


def take(
    report: MappingReport, pending: Pending, body: bytes, **properties: Any
) -> list[tuple[int, bool]]:
    channel = Channel()
    Intake(pending, report).on_message(
        cast(BlockingChannel, channel),
        Basic.Deliver(delivery_tag=5, redelivered=False),
        BasicProperties(**properties),
        body,
    )
    return channel.rejected


def test_message_waits_for_its_batch(report: MappingReport) -> None:
    pending = Pending(10, 60, 10_000)
    assert take(report, pending, b"hello", correlation_id="c-1") == []
    (delivery,) = pending.clear()
    assert (delivery.tag, delivery.correlation_id) == (5, "c-1")
    assert json.loads(delivery.record)["basicProperties"]["bodySize"] == 5
    assert report.snapshot()["messages"] == {"delivered": 1}


@pytest.mark.parametrize(
    ("body", "properties"),
    [
        (b"x" * 20_000, {}),  # larger than the payload of one invocation
        (b"x", {"timestamp": 1_700_000_000_000}),  # milliseconds
    ],
)
def test_message_too_large_for_an_invocation_becomes_a_dead_letter(
    report: MappingReport,
    caplog: pytest.LogCaptureFixture,
    body: bytes,
    properties: dict[str, Any],
) -> None:
    pending = Pending(10, 60, 10_000)
    rejected = take(report, pending, body, message_id="m-1", correlation_id="c-1", **properties)
    assert rejected == [(5, False)]
    assert len(pending) == 0
    assert report.snapshot()["messages"] == {"delivered": 1, "rejected": 1}
    told: Any = caplog.records[0].__dict__
    assert (told["message_id"], told["correlation_ids"]) == ("m-1", ["c-1"])
    assert told["body_bytes"] == len(body)


# -------------------------------------------------------------------------- the pages


def ask(port: int, path: str) -> tuple[int, str, str]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers["Content-Type"], refused.read().decode()


@pytest.mark.parametrize(("said", "status"), [("ok", 200), ("degraded", 503), ("stopping", 503)])
def test_health_page_shows_the_current_state(metrics: Metrics, said: str, status: int) -> None:
    now = {"status": "ok"}
    server = StatusServer("127.0.0.1", 0, lambda: now, metrics.registry)
    server.start()
    now["status"] = said
    answered, kind, body = ask(server.port, "/health")
    assert (answered, kind) == (status, "application/json")
    assert json.loads(body) == {"status": said}


def test_metrics_are_those_of_the_registry(report: MappingReport, metrics: Metrics) -> None:
    report.counts("acked", 3)
    server = StatusServer("127.0.0.1", 0, dict, metrics.registry)
    server.start()
    status, _, body = ask(server.port, "/metrics")
    assert status == 200
    wanted = [
        line for line in generate_latest(metrics.registry).decode().splitlines() if "acked" in line
    ]
    assert wanted
    assert set(wanted) <= set(body.splitlines())


@pytest.mark.parametrize("path", ["/", "/health/", "/metrics?x=1", "/../etc/passwd"])
def test_there_are_no_other_pages(metrics: Metrics, path: str) -> None:
    server = StatusServer("127.0.0.1", 0, dict, metrics.registry)
    server.start()
    assert ask(server.port, path)[0] == 404


def test_port_in_use_is_reported_at_the_start(metrics: Metrics) -> None:
    first = StatusServer("127.0.0.1", 0, dict, metrics.registry)
    with pytest.raises(OSError, match="in use"):
        StatusServer("127.0.0.1", first.port, dict, metrics.registry)


# --------------------------------------------------------------------------- stopping


def test_stop_ends_a_wait_and_gives_time_to_drain() -> None:
    stop = StopSignal()
    assert (stop.requested, stop.expired) == (False, False)
    waiting = threading.Thread(target=stop.wait, args=(3600,))
    waiting.start()
    stop.request(60)
    waiting.join(60)
    assert not waiting.is_alive()
    assert (stop.requested, stop.expired) == (True, False)


@pytest.mark.parametrize("asked", [(60.0, 0.0), (0.0, 60.0)])
def test_shorter_of_two_limits_holds(asked: tuple[float, float]) -> None:
    stop = StopSignal()
    for seconds in asked:
        stop.request(seconds)
    assert stop.expired


def test_wait_without_a_stop_takes_the_given_time() -> None:
    before = time.monotonic()
    assert not StopSignal().wait(0.05)
    assert time.monotonic() - before >= 0.05
