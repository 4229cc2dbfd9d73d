import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client import generate_latest

from tests.unit.runner.builders import a_function, an_outcome
from tests.unit.runner.records.cloudwatch_server import CloudWatchServer
from tidings_local.runner.records.cloudwatch import CloudWatch
from tidings_local.runner.records.prometheus import RunnerMetrics
from tidings_local.runner.records.recorder import Recorder


@pytest.fixture
def server() -> Iterator[CloudWatchServer]:
    with CloudWatchServer() as server:
        yield server


def recorded(server: CloudWatchServer) -> str:
    """Record some calls, stop, and return the Prometheus metrics."""

    async def scenario() -> str:
        metrics = RunnerMetrics()
        recorder = Recorder(CloudWatch(server.url), metrics)
        running = asyncio.create_task(recorder.run())
        function, other = a_function(), a_function("products")
        for _ in range(2):
            recorder.begins(function)
        recorder.begins(other)
        outcome = an_outcome(duration_ms=12, log_stream="one", logs="START\nEND\n", is_error=True)
        recorder.ends(function, outcome)
        recorder.is_given_up(other)
        recorder.is_throttled(other)
        await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return generate_latest(metrics.registry).decode()

    return asyncio.run(scenario())


def test_call_is_in_logs_and_metrics_after_the_stop(server: CloudWatchServer) -> None:
    shown = recorded(server)
    assert server.messages("/aws/lambda/orders", "one") == ["START\n", "END\n"]
    (form,) = server.metrics
    assert "ConcurrentExecutions" in form.values()
    assert "Throttles" in form.values()
    assert 'tidings_runner_calls_total{function="orders",result="function_error"} 1.0' in shown
    assert 'tidings_runner_calls_total{function="products",result="throttled"} 1.0' in shown
    assert 'tidings_runner_in_flight{function="orders"} 1.0' in shown
    assert 'tidings_runner_in_flight{function="products"} 0.0' in shown
    assert "tidings_runner_logs_kept_bytes 0.0" in shown


def test_logs_on_their_way_are_written_before_the_recorder_ends(
    server: CloudWatchServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        cloudwatch, on_the_way = CloudWatch(server.url), asyncio.Event()
        write = cloudwatch.put_log_events

        async def slow(*what: Any) -> None:
            on_the_way.set()
            await asyncio.sleep(0.2)
            await write(*what)

        monkeypatch.setattr(cloudwatch, "put_log_events", slow)
        recorder, function = Recorder(cloudwatch, RunnerMetrics()), a_function()
        running = asyncio.create_task(recorder.run())
        recorder.begins(function)
        recorder.ends(function, an_outcome(log_stream="one", logs="said bye\n"))
        await on_the_way.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(scenario())
    assert server.messages("/aws/lambda/orders", "one") == ["said bye\n"]


def test_lost_logs_are_reported_at_the_end(
    server: CloudWatchServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.failing = 500, {}
    recorded(server)
    assert "logs lost" in caplog.text


@pytest.mark.parametrize(("duration_ms", "near"), [(2699, 0), (2700, 1), (3000, 1)])
def test_calls_near_their_timeout_are_counted(duration_ms: float, near: int) -> None:
    metrics, function = RunnerMetrics(), a_function(timeout_seconds=3)
    recorder = Recorder(CloudWatch("http://127.0.0.1:9"), metrics)
    recorder.begins(function)
    recorder.ends(function, an_outcome(duration_ms=duration_ms, log_stream="one"))
    shown = generate_latest(metrics.registry).decode()
    assert f'tidings_runner_near_timeouts_total{{function="orders"}} {near}.0' in shown


def test_counters_of_a_called_function_begin_at_zero() -> None:
    metrics = RunnerMetrics()
    metrics.begins("orders")
    shown = generate_latest(metrics.registry).decode()
    for result in ("success", "function_error", "throttled"):
        assert f'tidings_runner_calls_total{{function="orders",result="{result}"}} 0.0' in shown
    assert 'tidings_runner_api_responses_total{status="5xx"} 0.0' in shown


def test_concurrency_counts_the_calls_that_run_at_the_same_time(server: CloudWatchServer) -> None:
    recorded(server)
    (form,) = server.metrics
    maxima = {}
    for name, metric in form.items():
        if name.endswith(".MetricName") and metric == "ConcurrentExecutions":
            place = name.removesuffix(".MetricName")
            whose = form.get(f"{place}.Dimensions.member.1.Value", "all")
            maxima[whose] = float(form[f"{place}.StatisticValues.Maximum"])
    assert maxima == {"orders": 2, "all": 3}
