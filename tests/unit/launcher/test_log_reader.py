"""The functions' logs are read completely, each line once, also when it arrives late."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.launcher.aws_mock import mocked
from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.operating.log_filter import Wanted
from tidings_local.launcher.operating.logs import FileReader, Reader
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.stack import Stack

STACK = Stack("tests", Path("/nowhere"), Ports(41000))
NOW_MS = int(time.time() * 1000)


class Logs:
    """Replaces CloudWatch Logs, to which functions write."""

    def __init__(self, logs: Any) -> None:
        self._logs = logs
        self._streams = 0

    def group(self, name: str) -> None:
        self._logs.create_log_group(logGroupName=name)

    def write(self, function: str, *texts: str, at_ms: int = NOW_MS) -> None:
        """Write lines into a new stream, as a new environment does."""
        group, self._streams = f"/aws/lambda/tidings-{function}", self._streams + 1
        stream = f"stream-{self._streams}"
        self._logs.create_log_stream(logGroupName=group, logStreamName=stream)
        events = [{"timestamp": at_ms + n, "message": text} for n, text in enumerate(texts)]
        self._logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Logs]:
    with mocked(monkeypatch, "operating.logs") as client:
        found = Logs(client("logs"))
        for name in ("orders", "inventory"):
            found.group(f"/aws/lambda/tidings-{name}")
        yield found


def reader(function: str | None = None, correlation: str | None = None) -> Reader:
    return Reader(STACK, function, Wanted(correlation=correlation))


def texts(of: Reader) -> list[tuple[str, str]]:
    return [(record.function, record.text) for record in of.new()]


def test_all_functions_are_read_in_order_of_time(logs: Logs) -> None:
    logs.write("orders", "second", at_ms=NOW_MS + 20)
    logs.write("inventory", "first", at_ms=NOW_MS)
    assert texts(reader()) == [("inventory", "first"), ("orders", "second")]


def test_each_line_is_read_once(logs: Logs) -> None:
    following = reader()
    logs.write("orders", "one", "two")
    assert len(texts(following)) == 2
    assert texts(following) == []
    logs.write("orders", "three", at_ms=NOW_MS + 10)
    assert texts(following) == [("orders", "three")]


def test_line_that_arrives_late_is_read(logs: Logs) -> None:
    following = reader()
    logs.write("orders", "later", at_ms=NOW_MS)
    assert texts(following) == [("orders", "later")]
    logs.write("inventory", "earlier", at_ms=NOW_MS - 1_000)
    assert texts(following) == [("inventory", "earlier")]


def test_equal_lines_are_all_read(logs: Logs) -> None:
    logs.write("orders", "again", "again")
    assert texts(reader()) == [("orders", "again")] * 2


def test_many_lines_come_page_by_page(logs: Logs) -> None:
    logs.write("orders", *(str(number) for number in range(3_000)))
    assert [text for _, text in texts(reader())] == [str(number) for number in range(3_000)]


def test_new_function_is_read_from_then_on(logs: Logs) -> None:
    following = reader()
    assert texts(following) == []
    logs.group("/aws/lambda/tidings-added")
    logs.write("added", "hello")
    assert texts(following) == [("added", "hello")]


def test_groups_of_other_stacks_are_ignored(logs: Logs) -> None:
    logs.group("/aws/lambda/somebody-elses")
    logs.group("/aws/apigateway/tidings")
    assert texts(reader()) == []


@pytest.mark.parametrize("name", ["orders", "tidings-orders"])
def test_one_function_is_named_with_its_prefix_or_without(logs: Logs, name: str) -> None:
    logs.write("orders", "mine")
    logs.write("inventory", "not mine")
    assert texts(reader(name)) == [("orders", "mine")]


@pytest.mark.parametrize("name", ["order", "orders ", "ORDERS", "../orders"])
def test_unknown_name_is_refused_with_the_list_of_all(logs: Logs, name: str) -> None:
    with pytest.raises(LauncherError, match="has no logs") as told:
        reader(name).new()
    assert told.value.hint == "functions with logs: inventory, orders"


def test_no_function_has_logs_before_the_first_call(monkeypatch: pytest.MonkeyPatch) -> None:
    with mocked(monkeypatch, "operating.logs"):
        assert texts(reader()) == []
        with pytest.raises(LauncherError) as told:
            reader("orders").new()
    assert told.value.hint == "functions with logs: none"


def test_lines_of_one_request_only(logs: Logs) -> None:
    mine, other = (
        json.dumps({"message": "done", "correlation_id": each}) for each in ("mine", "other")
    )
    logs.write("orders", mine, other, "plain text", json.dumps(["mine"]))
    logs.write("inventory", mine)
    assert sorted(texts(reader(correlation="mine"))) == [("inventory", mine), ("orders", mine)]


def test_line_of_another_request_is_never_shown(logs: Logs) -> None:
    following = reader(correlation="mine")
    logs.write("orders", json.dumps({"correlation_id": "other"}))
    assert texts(following) == []
    assert texts(following) == []


# --------------------------------------------------------------------------- services


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    found = Stack("tests", tmp_path, Ports(41000))
    found.logs.mkdir()
    return found


BRIDGE = '{"time": "2026-11-30T10:04:27.545+00:00", "level": "INFO", "message": "batch handled"}'


def test_file_of_a_service_is_read_once_with_the_former_one(stack: Stack) -> None:
    file = stack.logs / "bridge.log"
    file.with_name("bridge.log.1").write_text("2026-11-30T10:00:00.000 first\n  more\n")
    file.write_text(f"{BRIDGE}\n")
    found = FileReader(stack, "bridge")
    read = found.new()
    assert [each.text for each in read] == ["2026-11-30T10:00:00.000 first", "  more", BRIDGE]
    assert read[0].at_ms == read[1].at_ms < read[2].at_ms
    with file.open("a") as more:
        more.write("later\n")
    assert [each.text for each in found.new()] == ["later"]


def test_file_that_was_replaced_is_read_from_its_beginning(stack: Stack) -> None:
    file = stack.logs / "bridge.log"
    file.write_text("a long line\n")
    found = FileReader(stack, "bridge")
    found.new()
    file.write_text("new\n")
    assert [each.text for each in found.new()] == ["new"]


def test_unknown_service_is_reported_with_the_known_ones(stack: Stack) -> None:
    (stack.logs / "runner.log").touch()
    with pytest.raises(LauncherError, match="nothing has no logs") as told:
        FileReader(stack, "nothing")
    assert told.value.hint == "services with logs: runner"
