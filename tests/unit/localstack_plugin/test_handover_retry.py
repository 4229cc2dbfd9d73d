"""LocalStack sends changes again to a runner that hung, closed the connection or refused them."""

import http.client
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.unit.localstack_plugin.test_handover import (
    OUT_OF_STEP,
    REFUSED,
    TAKEN,
    everything_of,
    handover,
)
from tests.unit.runner.socket_server import SocketServer, serving
from tests.waiting import eventually
from tidings_local.front_door.http import Response
from tidings_local.localstack_plugin.handover import Handover, NotTakenError
from tidings_local.runner.client import ANSWER_SECONDS, Answer, RunnerClient

OLD, NEW = {"name": "old"}, {"name": "new"}
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runner.sock"


@pytest.fixture
def server(path: Path) -> Iterator[SocketServer]:
    with serving(path, TAKEN) as server:
        yield server


def in_step(told: Handover) -> None:
    eventually(lambda: told.is_in_step, what="the runner has everything")


def test_refused_function_is_replaced_by_the_old_one_on_the_runner_too(
    server: SocketServer, path: Path
) -> None:
    """The runner may have applied the change before it failed."""
    told = handover(path)
    told.put("functions", "arn:1", OLD)
    server.answers = [REFUSED, REFUSED, TAKEN]
    with pytest.raises(NotTakenError):
        told.put("functions", "arn:1", NEW)
    in_step(told)
    last = server.asked[-1]
    assert (last.method, last.target) == ("PUT", "/deployed")
    assert last.content["items"]["functions"] == {"arn:1": OLD}


def test_numbers_continue_after_a_refusal(server: SocketServer, path: Path) -> None:
    """The runner takes a change only if its number is the next one."""
    told = handover(path)
    server.answers = [REFUSED, TAKEN]
    with pytest.raises(NotTakenError):
        told.put("functions", "arn:1", OLD)
    in_step(told)
    known = server.asked[-1].content["number"]
    told.put("functions", "arn:2", NEW)
    assert server.asked[-1].target == "/deployed/changes"
    assert server.asked[-1].content["number"] == known + 1


def test_last_snapshot_contains_the_changes_made_meanwhile(
    server: SocketServer, path: Path
) -> None:
    told = handover(path)
    told.put("functions", "arn:gone", OLD)
    server.answers = [REFUSED]
    with pytest.raises(NotTakenError):
        told.put("settings", "arn", {"reserved_concurrency": 1})
    told.remove("functions", "arn:gone")
    with pytest.raises(NotTakenError):
        told.put("settings", "arn", {"reserved_concurrency": 2})
    with pytest.raises(NotTakenError):
        told.put("functions", "arn:new", NEW)
    server.answers = [TAKEN]
    in_step(told)
    expected = {
        "functions": {},
        "settings": {"arn": {"reserved_concurrency": 2}},
        "rest_apis": {},
    }
    assert server.asked[-1].content["items"] == everything_of(told) == expected


def test_localstack_that_starts_first_clears_the_runner_later(path: Path) -> None:
    told = handover(path, patience_seconds=0)
    told.begin()
    assert not told.is_in_step
    with serving(path, TAKEN) as server:
        in_step(told)
        assert [(asked.method, asked.target) for asked in server.asked] == [("PUT", "/deployed")]


def test_second_refusal_is_reported_with_its_reason(server: SocketServer, path: Path) -> None:
    server.answers = [OUT_OF_STEP, REFUSED]
    told = handover(path)
    with pytest.raises(NotTakenError, match="unexpected keyword"):
        told.put("functions", "arn:1", NEW)
    assert [asked.target for asked in server.asked[:2]] == ["/deployed/changes", "/deployed"]
    server.answers = [TAKEN]
    in_step(told)


def test_starting_runner_is_awaited(path: Path) -> None:
    """503 means that the runner is not ready yet; it is no refusal."""
    starting = Response(status=503, body=b"{}")
    with serving(path, starting, starting, TAKEN) as server:
        told = handover(path)
        told.put("functions", "arn:1", NEW)
        assert told.is_in_step
        assert [asked.content["number"] for asked in server.asked] == [1, 1, 1]


def test_each_reason_is_logged_once(
    server: SocketServer, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = Response(status=500, body=b"OSError: no space left")
    server.answers = [REFUSED, REFUSED, other, other, other, TAKEN]
    told = handover(path)
    with caplog.at_level(logging.WARNING), pytest.raises(NotTakenError):
        told.put("functions", "arn:1", NEW)
    in_step(told)
    eventually(lambda: "has accepted the deployment" in caplog.text)
    assert caplog.text.count("no space left") == 1
    assert "unexpected keyword" not in caplog.text, "the failed call must report this reason"


# ------------------------------------------------------------------- a runner without an answer


@contextmanager
def silent(path: Path, *answers: bytes | None) -> Iterator[list[bytes]]:
    """Run a runner that serves one request a connection: None hangs, empty bytes close it.

    Yields:
        The first lines of its requests.
    """
    seen: list[bytes] = []
    held: list[socket.socket] = []
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen()

    def serve() -> None:
        for answer in answers:
            connection, _ = listening.accept()
            seen.append(_read_request(connection))
            if answer is None:
                held.append(connection)
                continue
            with connection:
                connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield seen
    finally:
        thread.join(60)
        for each in (*held, listening):
            each.close()


def _read_request(connection: socket.socket) -> bytes:
    """Read a whole request; return its first line."""
    with connection.makefile("rb") as stream:
        first = stream.readline().strip()
        size = int(http.client.parse_headers(stream)["Content-Length"])
        stream.read(size)
    return first


def test_runner_that_closes_without_an_answer_gets_everything_at_once(path: Path) -> None:
    """A restarted runner knows nothing, so the change alone would be out of step."""
    told = handover(path)
    with silent(path, b"", ANSWER) as seen:
        told.put("functions", "arn:1", NEW)
    assert seen == [b"POST /deployed/changes HTTP/1.1", b"PUT /deployed HTTP/1.1"]
    assert told.is_in_step
    assert everything_of(told)["functions"] == {"arn:1": NEW}


class OnceImpatient(RunnerClient):
    """Waits a moment for the first answer, and for the others as long as it takes."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), answer_seconds=0.3)

    def ask(self, *request: Any, **options: Any) -> Answer:
        try:
            return super().ask(*request, **options)
        finally:
            self._answer_seconds = ANSWER_SECONDS


def test_runner_that_hangs_delays_a_change_once(path: Path) -> None:
    told = Handover(OnceImpatient(path), patience_seconds=60)
    with silent(path, None, ANSWER) as seen:
        with pytest.raises(NotTakenError, match="did not answer"):
            told.put("functions", "arn:1", NEW)
        assert seen == [b"POST /deployed/changes HTTP/1.1"], "a second request would hang again"
        in_step(told)
    assert seen[1:] == [b"PUT /deployed HTTP/1.1"], (
        "everything must be sent later, in the background"
    )
    assert everything_of(told)["functions"] == {}
