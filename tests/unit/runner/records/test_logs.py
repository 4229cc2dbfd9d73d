import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from tests.unit.runner.builders import a_record
from tests.unit.runner.records.cloudwatch_server import CloudWatchServer
from tidings_local.runner.records.cloudwatch import CloudWatch
from tidings_local.runner.records.logs import GATHER_SECONDS, MAX_KEPT_BYTES, LogWriter

GROUP = "/aws/lambda/orders"
STREAM = "2026/11/29/[$LATEST]a"


@pytest.fixture
def server() -> Iterator[CloudWatchServer]:
    with CloudWatchServer() as server:
        yield server


def with_writer(
    url: str,
    work: Callable[[LogWriter], Awaitable[None]],
    max_kept_bytes: int = MAX_KEPT_BYTES,
) -> None:
    async def scenario() -> None:
        cloudwatch = CloudWatch(url)
        async with asyncio.timeout(60):
            await work(LogWriter(cloudwatch, max_kept_bytes))
        await cloudwatch.close()

    asyncio.run(scenario())


def test_group_and_stream_are_made_on_demand(server: CloudWatchServer) -> None:
    async def work(writer: LogWriter) -> None:
        writer.add(a_record("one\n"))
        await writer.flush()
        writer.add(a_record("two\n"))
        writer.add(a_record("three\n", log_stream="other"))
        await writer.flush()

    with_writer(server.url, work)
    assert server.messages(GROUP, STREAM) == ["one\n", "two\n"]
    assert server.messages(GROUP, "other") == ["three\n"]


def test_calls_of_a_stream_are_written_together(server: CloudWatchServer) -> None:
    async def work(writer: LogWriter) -> None:
        for n in range(50):
            writer.add(a_record(f"{n}\n", ended_ms=n))
        await writer.flush()
        assert writer.kept_bytes == 0

    with_writer(server.url, work)
    assert server.messages(GROUP, STREAM) == [f"{n}\n" for n in range(50)]
    assert server.puts == 2  # the first request finds no stream


def test_logs_belong_to_the_functions_account(server: CloudWatchServer) -> None:
    async def work(writer: LogWriter) -> None:
        writer.add(a_record(account="123456789012"))
        await writer.flush()

    with_writer(server.url, work)
    assert server.credentials == {"123456789012"}


def test_logs_are_written_within_a_second(server: CloudWatchServer) -> None:
    assert GATHER_SECONDS < 1

    async def work(writer: LogWriter) -> None:
        running = asyncio.create_task(writer.run())
        writer.add(a_record("one\n"))
        while not server.messages(GROUP, STREAM):
            await asyncio.sleep(0.01)
        running.cancel()

    with_writer(server.url, work)


def test_logs_on_their_way_are_written_when_the_runner_stops(
    server: CloudWatchServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(writer: LogWriter) -> None:
        put, begun, may_end = writer.cloudwatch.put_log_events, asyncio.Event(), asyncio.Event()

        async def slow(*what: Any) -> None:
            begun.set()
            await may_end.wait()
            await put(*what)

        monkeypatch.setattr(writer.cloudwatch, "put_log_events", slow)
        running = asyncio.create_task(writer.run())
        writer.add(a_record("one\n"))
        await begun.wait()
        running.cancel()
        asyncio.get_running_loop().call_soon(may_end.set)
        await asyncio.wait({running})
        assert running.cancelled()

    with_writer(server.url, work)
    assert server.messages(GROUP, STREAM) == ["one\n"]


def test_bug_of_ours_does_not_stop_the_writing(
    server: CloudWatchServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(writer: LogWriter) -> None:
        put = writer.cloudwatch.put_log_events

        async def fail_once(*_: object) -> None:
            monkeypatch.setattr(writer.cloudwatch, "put_log_events", put)
            raise ZeroDivisionError

        monkeypatch.setattr(writer.cloudwatch, "put_log_events", fail_once)
        running = asyncio.create_task(writer.run())
        writer.add(a_record("lost\n"))
        while not writer.dropped:
            await asyncio.sleep(0.01)
        writer.add(a_record("one\n"))
        while writer.kept_bytes:
            await asyncio.sleep(0.01)
        running.cancel()
        assert writer.dropped == 1

    with_writer(server.url, work)
    assert server.messages(GROUP, STREAM) == ["one\n"]
    assert "error in the runner" in caplog.text


def test_logs_wait_while_localstack_is_unavailable(
    server: CloudWatchServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(writer: LogWriter) -> None:
        server.failing = (503, {})
        writer.add(a_record("one\n"))
        await writer.flush()
        writer.add(a_record("two\n"))
        await writer.flush()
        assert writer.kept_bytes == 8
        server.failing = None
        await writer.flush()
        assert writer.kept_bytes == 0

    with caplog.at_level(logging.INFO):
        with_writer(server.url, work)
    assert server.messages(GROUP, STREAM) == ["one\n", "two\n"]
    assert [record.message for record in caplog.records if "logs" in record.message] == [
        "logs are kept until LocalStack accepts them",
        "logs are written again",
    ]


def test_refused_connection_counts_as_unavailable(caplog: pytest.LogCaptureFixture) -> None:
    async def work(writer: LogWriter) -> None:
        writer.add(a_record("one\n"))
        await writer.flush()
        assert writer.kept_bytes == 4

    with_writer("http://127.0.0.1:9", work)


def test_oldest_logs_are_dropped_and_counted(
    server: CloudWatchServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(writer: LogWriter) -> None:
        server.failing = (503, {})
        for n in range(10):
            writer.add(a_record(f"{n}\n", ended_ms=n, log_stream=f"stream-{n % 2}"))
        assert writer.dropped == 5
        assert writer.kept_bytes == 10
        server.failing = None
        await writer.flush()

    with_writer(server.url, work, max_kept_bytes=10)
    assert server.messages(GROUP, "stream-0") == ["6\n", "8\n"]
    assert server.messages(GROUP, "stream-1") == ["5\n", "7\n", "9\n"]
    assert "logs dropped" in caplog.text


def test_logs_being_written_are_not_dropped(server: CloudWatchServer) -> None:
    async def work(writer: LogWriter) -> None:
        writer.add(a_record("on its way\n"))
        writing = asyncio.create_task(writer.flush())
        while writer._kept:
            await asyncio.sleep(0)
        writer.add(a_record("too much\n"))
        await writing
        await writer.flush()
        assert (writer.dropped, writer.kept_bytes) == (1, 0)

    with_writer(server.url, work, max_kept_bytes=11)
    assert server.messages(GROUP, STREAM) == ["on its way\n"]


def test_logs_that_localstack_refuses_are_dropped_and_reported(
    server: CloudWatchServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(writer: LogWriter) -> None:
        server.failing = (400, {"__type": "InvalidParameterException", "message": "no"})
        writer.add(a_record("one\n"))
        await writer.flush()
        assert (writer.dropped, writer.kept_bytes) == (1, 0)

    with_writer(server.url, work)
    assert "logs refused" in caplog.text
