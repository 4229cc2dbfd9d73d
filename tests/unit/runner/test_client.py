"""Tests of the client of the runner's socket, with a server on a socket."""

import socket
import threading
from pathlib import Path

import pytest

from tests.unit.runner.socket_server import serving
from tidings_local.front_door.http import Response
from tidings_local.runner.client import RunnerAwayError, RunnerClient, RunnerLostError

BUSY = Response(status=503, body=b"{}")


def test_call_is_an_invoke_of_the_lambda_api(tmp_path: Path) -> None:
    error = Response(
        status=200,
        headers=[(b"X-Amz-Function-Error", b"Unhandled"), (b"X-Amz-Log-Result", b"U1RBUlQ=")],
        body=b'{"errorType": "KeyError"}',
    )
    with serving(tmp_path / "s", error) as server:
        answer = RunnerClient(str(tmp_path / "s")).invoke("arn:x:f:$LATEST", b"1", {"X-A": "b"})
    (asked,) = server.asked
    assert (asked.method, asked.body) == ("POST", b"1")
    assert asked.target == "/2015-03-31/functions/arn:x:f:%24LATEST/invocations"
    assert asked.headers["x-a"] == "b"
    assert (answer.status, answer.body) == (200, b'{"errorType": "KeyError"}')
    assert answer.is_function_error
    assert answer.log_tail == "START"


def test_a_connection_is_kept_for_the_next_call(tmp_path: Path) -> None:
    client = RunnerClient(str(tmp_path / "s"))
    with serving(tmp_path / "s"):
        client.ask("GET", "/health")
        kept = client._kept.connection
        client.ask("GET", "/health")
        assert client._kept.connection is kept


def test_a_connection_that_the_runner_closed_is_not_used_again(tmp_path: Path) -> None:
    client = RunnerClient(str(tmp_path / "s"))
    with serving(tmp_path / "s"):
        client.ask("GET", "/health")
    with serving(tmp_path / "s"):
        assert client.ask("GET", "/health").status == 200


@pytest.mark.parametrize("left_behind", [False, True])
def test_unavailable_runner_has_run_nothing(tmp_path: Path, left_behind: bool) -> None:
    if left_behind:  # by kill -9
        with socket.socket(socket.AF_UNIX) as killed:
            killed.bind(str(tmp_path / "s"))
    with pytest.raises(RunnerAwayError, match="the runner is unavailable"):
        RunnerClient(str(tmp_path / "s")).ask("GET", "/health")


def test_unavailable_runner_is_awaited(tmp_path: Path) -> None:
    answers = []
    client = RunnerClient(str(tmp_path / "s"))

    def ask() -> None:
        answers.append(client.ask("GET", "/health", patience_seconds=60))

    waiting = threading.Thread(target=ask)
    waiting.start()
    with serving(tmp_path / "s"):
        waiting.join(60)
    assert [answer.status for answer in answers] == [200]


def test_a_runner_that_is_not_ready_is_asked_again(tmp_path: Path) -> None:
    with serving(tmp_path / "s", BUSY, BUSY, Response(status=200, body=b"{}")) as server:
        client = RunnerClient(str(tmp_path / "s"))
        assert client.ask("GET", "/health", patience_seconds=60).status == 200
    assert len(server.asked) == 3


def test_waiting_is_bounded(tmp_path: Path) -> None:
    with serving(tmp_path / "s", BUSY):
        client = RunnerClient(str(tmp_path / "s"))
        assert client.ask("GET", "/health", patience_seconds=0.2).status == 503


def test_runner_that_ends_during_a_call_may_have_run_it(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dying:
        dying.bind(str(tmp_path / "s"))
        dying.listen()

        def die() -> None:
            connection, _ = dying.accept()
            connection.recv(65536)
            connection.close()

        threading.Thread(target=die).start()
        with pytest.raises(RunnerLostError, match="the runner did not answer"):
            RunnerClient(str(tmp_path / "s")).invoke("f", b"1", patience_seconds=60)


def test_runner_that_hangs_is_awaited_no_longer_than_asked(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as hanging:
        hanging.bind(str(tmp_path / "s"))
        hanging.listen()
        with pytest.raises(RunnerLostError):
            RunnerClient(str(tmp_path / "s"), answer_seconds=0.1).ask("GET", "/health")
