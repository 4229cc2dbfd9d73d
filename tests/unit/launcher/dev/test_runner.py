"""Tests of `make dev` and the runner over a real socket."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import uvloop

from tests.host_thread import LoopThread
from tidings_local.front_door.server import FrontDoor
from tidings_local.lambda_host import Function, Invocation, Outcome
from tidings_local.launcher.deploying.template import Sources
from tidings_local.launcher.developing.dev.runner import AWAY, DevRunner, SessionLostError
from tidings_local.launcher.errors import LauncherError
from tidings_local.runner.client import RunnerClient
from tidings_local.runner.dev.api import DevApi
from tidings_local.runner.dev.host import DevHost
from tidings_local.runner.dev.overlay import Overlay
from tidings_local.runner.dev.seen_calls import SeenCalls


class Answering:
    """Replaces the Lambda host, and answers with the folder whose code it should have run."""

    async def invoke(self, function: Function, invocation: Invocation) -> Outcome:
        return Outcome(
            request_id=invocation.request_id,
            payload=str(function.code_dir).encode(),
            is_error=True,
            logs=f"START\n{function.code_dir}\n",
            duration_ms=2.5,
            init_ms=13.0,
        )


class Running:
    """A listening runner with the parts that `make dev` uses."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "s"
        self.tree = folder / "tree"
        self.tree.mkdir()
        self.deployed = Function(
            name="login",
            version="$LATEST",
            arn="login:$LATEST",
            revision="r",
            handler="h",
            code_dir=folder,
            opt_dir=folder / "opt",
        )
        overlay = Overlay(
            folder / "dev",
            lambda: [self.deployed],
            prepare=lambda _: None,
            is_prepared=lambda _: True,
            retire=lambda _: None,
        )
        seen = SeenCalls()
        self.host = DevHost(Answering(), overlay, seen)
        self._on = LoopThread(uvloop.new_event_loop)
        self._server = self._on.call(FrontDoor, DevApi(overlay, seen).answer)
        self._on.run(self._server.listen_unix(self.socket))

    @property
    def sources(self) -> Sources:
        return Sources({"login": self.tree}, {})

    def dev(self) -> DevRunner:
        return DevRunner(RunnerClient(str(self.socket)))

    def call(self) -> str:
        outcome = self._on.run(self.host.invoke(self.deployed, Invocation(payload=b"{}")))
        return outcome.payload.decode()

    def close(self) -> None:
        self._on.run(self._server.stop(0))
        self._on.close()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path)
    yield running
    running.close()


def test_working_tree_runs_from_the_start_to_the_end_of_a_session(running: Running) -> None:
    dev, deployed = running.dev(), str(running.deployed.code_dir)
    assert running.call() == deployed
    laid = dev.lay(running.sources)
    assert running.call() == str(running.tree)
    assert str(laid.layers[0]).startswith(laid.directory)
    dev.lift()
    assert running.call() == deployed


def test_calls_are_reported_with_the_details_for_the_view(running: Running) -> None:
    dev = running.dev()
    laid = dev.lay(running.sources)
    running.call()
    (call,), last = dev.calls(laid.after)
    assert (call.function, call.duration_ms, call.init_ms) == ("login", 2.5, 13.0)
    assert (call.is_error, call.payload) == (True, str(running.tree))
    assert call.logs == f"START\n{running.tree}\n"
    assert last == laid.after + 1


def test_a_second_make_dev_is_refused(running: Running) -> None:
    running.dev().lay(running.sources)
    with pytest.raises(LauncherError, match="another make dev"):
        running.dev().lay(running.sources)


def test_runner_without_a_deployment_reports_that(running: Running) -> None:
    with pytest.raises(SessionLostError):
        running.dev().calls(0)


def test_unavailable_runner_ends_the_session(tmp_path: Path) -> None:
    with pytest.raises(AWAY):
        DevRunner(RunnerClient(str(tmp_path / "nothing"))).calls(0)
