import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from tests.unit.runner.builders import a_record
from tests.unit.runner.records.cloudwatch_server import CloudWatchServer
from tidings_local.runner.records.cloudwatch import CloudWatch
from tidings_local.runner.records.metrics import MetricWriter

Data = dict[tuple[str, str], dict[str, str]]


@pytest.fixture
def server() -> Iterator[CloudWatchServer]:
    with CloudWatchServer() as server:
        yield server


@pytest.fixture(autouse=True)
def _one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_800_000_059.0)


def written(
    server: CloudWatchServer, work: Callable[[MetricWriter], Awaitable[None]]
) -> list[Data]:
    """Return the values of each request by metric and function."""

    async def scenario() -> None:
        cloudwatch = CloudWatch(server.url)
        await work(MetricWriter(cloudwatch))
        await cloudwatch.close()

    asyncio.run(scenario())
    return [_data(form) for form in server.metrics]


def _data(form: dict[str, str]) -> Data:
    found = {}
    for place in {name.split(".")[2] for name in form if name.startswith("MetricData.")}:
        prefix = f"MetricData.member.{place}."
        item = {
            name.removeprefix(prefix): value
            for name, value in form.items()
            if name.startswith(prefix)
        }
        function = item.get("Dimensions.member.1.Value", "all")
        found[item["MetricName"], function] = item
    return found


def test_calls_are_counted_for_the_function_and_in_total(server: CloudWatchServer) -> None:
    async def work(writer: MetricWriter) -> None:
        writer.add(a_record(duration_ms=10, concurrent=1, concurrent_in_all=3))
        writer.add(a_record(duration_ms=30, concurrent=2, concurrent_in_all=2, is_error=True))
        writer.add(a_record(function="products", duration_ms=20))
        await writer.flush()

    (data,) = written(server, work)
    orders = data["Invocations", "orders"]
    assert orders["Dimensions.member.1.Name"] == "FunctionName"
    assert orders["StatisticValues.Sum"] == "2"
    assert orders["Timestamp"] == "2027-01-15T08:00:00Z"
    assert data["Invocations", "all"]["StatisticValues.Sum"] == "3"
    assert data["Errors", "orders"]["StatisticValues.Sum"] == "1"
    assert data["Errors", "products"]["StatisticValues.Sum"] == "0"
    duration = data["Duration", "orders"]
    assert duration["Unit"] == "Milliseconds"
    assert [duration[f"StatisticValues.{name}"] for name in ("Minimum", "Maximum")] == ["10", "30"]
    assert duration["StatisticValues.SampleCount"] == "2"
    assert data["ConcurrentExecutions", "orders"]["StatisticValues.Maximum"] == "2"
    assert data["ConcurrentExecutions", "all"]["StatisticValues.Maximum"] == "3"


def test_throttle_is_not_an_invocation(server: CloudWatchServer) -> None:
    async def work(writer: MetricWriter) -> None:
        writer.add_throttle("000000000000", "us-east-1", "orders")
        await writer.flush()

    (data,) = written(server, work)
    assert data.keys() == {("Throttles", "orders"), ("Throttles", "all")}


def test_values_wait_while_localstack_is_unavailable(server: CloudWatchServer) -> None:
    async def work(writer: MetricWriter) -> None:
        server.failing = (503, {})
        writer.add(a_record())
        await writer.flush()
        writer.add(a_record())
        server.failing = None
        await writer.flush()
        await writer.flush()

    (data,) = written(server, work)
    assert data["Invocations", "orders"]["StatisticValues.Sum"] == "2"


def test_old_values_are_dropped(server: CloudWatchServer, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(writer: MetricWriter) -> None:
        server.failing = (503, {})
        writer.add(a_record())
        monkeypatch.setattr("time.time", lambda: 1_800_004_000.0)
        await writer.flush()
        server.failing = None
        await writer.flush()

    assert written(server, work) == []


def test_many_functions_make_several_requests(server: CloudWatchServer) -> None:
    async def work(writer: MetricWriter) -> None:
        for n in range(200):
            writer.add(a_record(function=f"f{n}"))
        await writer.flush()

    first, second = written(server, work)
    assert len(first) == 500
    assert len(second) == 304


def test_metrics_on_their_way_are_written_once_when_the_runner_stops(
    server: CloudWatchServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(writer: MetricWriter) -> None:
        put, begun, may_end = writer.cloudwatch.put_metric_data, asyncio.Event(), asyncio.Event()

        async def slow(*what: Any) -> None:
            begun.set()
            await may_end.wait()
            await put(*what)

        monkeypatch.setattr(writer.cloudwatch, "put_metric_data", slow)
        running = asyncio.create_task(writer.run())
        writer.add(a_record())
        await begun.wait()
        running.cancel()
        asyncio.get_running_loop().call_soon(may_end.set)
        await asyncio.wait({running})
        await writer.flush()

    (data,) = written(server, work)
    assert float(data["Invocations", "orders"]["StatisticValues.SampleCount"]) == 1
