"""Tests of the handover of deployed functions to the runner, with a server on a socket."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.runner.socket_server import SocketServer, serving
from tests.waiting import eventually
from tidings_local.front_door.http import Response
from tidings_local.localstack_plugin.handover import Handover, NotTakenError
from tidings_local.runner.client import RunnerClient

TAKEN = Response(status=200, body=b"{}")
OUT_OF_STEP = Response(status=409, body=b"{}")
REFUSED = Response(status=500, body=b"TypeError: unexpected keyword")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runner.sock"


@pytest.fixture
def server(path: Path) -> Iterator[SocketServer]:
    with serving(path, TAKEN) as server:
        yield server


def handover(path: Path, patience_seconds: float = 60) -> Handover:
    return Handover(RunnerClient(str(path)), patience_seconds)


def test_changes_are_numbered(server: SocketServer, path: Path) -> None:
    told = handover(path)
    told.put("functions", "arn:1", {"name": "one"})
    told.put("settings", "arn", {"reserved_concurrency": 1})
    told.remove("functions", "arn:1")
    assert [asked.content["number"] for asked in server.asked] == [1, 2, 3]
    assert len({asked.content["session"] for asked in server.asked}) == 1
    assert server.changes[0] == ("functions", "arn:1", {"name": "one"})
    assert server.changes[2] == ("functions", "arn:1", None)


def test_removal_of_an_unknown_function_is_not_sent(server: SocketServer, path: Path) -> None:
    handover(path).remove("functions", "arn:1")
    assert server.asked == []


def test_runner_that_is_out_of_step_gets_everything(path: Path) -> None:
    with serving(path, TAKEN, OUT_OF_STEP, TAKEN) as server:
        told = handover(path)
        told.put("functions", "arn:1", {"name": "one"})
        told.put("functions", "arn:2", {"name": "two"})
    last = server.asked[-1]
    assert (last.method, last.target) == ("PUT", "/deployed")
    assert last.content["number"] == 2
    assert last.content["items"]["functions"] == {
        "arn:1": {"name": "one"},
        "arn:2": {"name": "two"},
    }


def test_starting_localstack_clears_the_runner(server: SocketServer, path: Path) -> None:
    handover(path).begin()
    (asked,) = server.asked
    assert asked.target == "/deployed"
    assert asked.content["items"] == {"functions": {}, "settings": {}, "rest_apis": {}}


def test_change_waits_for_an_unavailable_runner(path: Path) -> None:
    told = handover(path, patience_seconds=60)
    change = threading.Thread(target=told.put, args=("functions", "arn:1", {"name": "one"}))
    change.start()
    with serving(path, TAKEN) as server:
        change.join(60)
        assert server.changes == [("functions", "arn:1", {"name": "one"})]


def everything_of(told: Handover) -> dict[str, Any]:
    items: dict[str, Any] = json.loads(told.everything())["items"]
    return items


def test_function_that_the_runner_refuses_keeps_its_old_version(
    server: SocketServer, path: Path
) -> None:
    told = handover(path)
    told.put("functions", "arn:1", {"name": "old"})
    server.answers = [REFUSED]
    with pytest.raises(NotTakenError, match=r"500 .*unexpected keyword"):
        told.put("functions", "arn:1", {"name": "new"})
    assert everything_of(told)["functions"] == {"arn:1": {"name": "old"}}


def test_new_function_that_the_runner_refuses_does_not_exist(path: Path) -> None:
    with serving(path, REFUSED):
        told = handover(path)
        with pytest.raises(NotTakenError):
            told.put("functions", "arn:1", {"name": "new"})
        assert everything_of(told)["functions"] == {}


def test_refused_routes_are_sent_until_the_runner_takes_them(
    server: SocketServer, path: Path
) -> None:
    server.answers = [REFUSED]
    told = handover(path)
    with pytest.raises(NotTakenError):
        told.put("rest_apis", "all", [{"api_id": "tidings"}])
    server.answers = [TAKEN]
    eventually(lambda: told.is_in_step, what="the runner has everything")
    last = server.asked[-1]
    assert (last.method, last.target) == ("PUT", "/deployed")
    assert last.content["items"]["rest_apis"] == {"all": [{"api_id": "tidings"}]}
    told.put("rest_apis", "all", [])
    assert server.changes[-1] == ("rest_apis", "all", [])


def test_changes_after_a_refused_one_are_refused_at_once(path: Path) -> None:
    told = handover(path, patience_seconds=0.1)
    with pytest.raises(NotTakenError, match="the runner is unavailable"):
        told.put("functions", "arn:1", {"name": "one"})
    told._patience_seconds = 3600  # which would end no test run
    for number in range(100):
        with pytest.raises(NotTakenError, match="the runner is unavailable"):
            told.put("functions", f"arn:{number}", {})


def test_removal_that_cannot_be_sent_is_sent_later(
    server: SocketServer, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told = handover(path)
    told.put("functions", "arn:1", {"name": "one"})
    server.answers = [REFUSED]
    told.remove("functions", "arn:1")
    assert "unexpected keyword" in caplog.text
    server.answers = [TAKEN]
    eventually(lambda: told.is_in_step, what="the runner has everything")
    assert server.asked[-1].content["items"]["functions"] == {}


def test_changes_from_many_threads_keep_their_order(server: SocketServer, path: Path) -> None:
    told = handover(path)
    threads = [
        threading.Thread(target=told.put, args=("functions", f"arn:{n}", {})) for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [asked.content["number"] for asked in server.asked] == list(range(1, 21))
