import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.runner.socket_server import SocketServer, serving
from tests.waiting import eventually

Maker = Callable[..., Any]


@pytest.fixture
def runner(
    make_version: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SocketServer]:
    monkeypatch.setenv("TIDINGS_RUNNER_SOCKET", str(tmp_path / "runner.sock"))
    with serving(tmp_path / "runner.sock") as server:
        yield server


def met() -> dict[str, Any]:
    """Start the plugin, and return LocalStack's routes."""
    from localstack.services.edge import ROUTER

    from tidings_local.localstack_plugin.starting import meet_runner

    meet_runner()
    return dict(ROUTER.routes)


def test_runner_is_cleared_at_the_start(runner: SocketServer) -> None:
    met()
    eventually(lambda: runner.asked, what="a message to the runner")
    assert (runner.asked[0].method, runner.asked[0].target) == ("PUT", "/deployed")


def test_runner_that_asks_gets_everything(runner: SocketServer) -> None:
    from tidings_local.localstack_plugin.runner import handover

    handover().put("functions", "arn:1", {"name": "one"})
    answer = met()["/_tidings/deployed"](None)
    assert json.loads(answer.response)["items"]["functions"] == {"arn:1": {"name": "one"}}


def test_stages_of_rest_apis_are_sent(runner: SocketServer) -> None:
    from tidings_local.localstack_plugin.starting import tell_stages

    tell_stages([])
    assert runner.changes == [("rest_apis", "all", [])]


def test_containers_do_not_use_the_runner(
    runner: SocketServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from localstack import config

    monkeypatch.setattr(config, "LAMBDA_RUNTIME_EXECUTOR", "docker")
    assert met() == {}
