"""Tests of `make dev` with a real watched folder and a runner that only records."""

import io
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.unit.launcher.dev.builders import a_call
from tests.waiting import eventually
from tidings_local.launcher.deploying.template import Sources
from tidings_local.launcher.developing.dev.calls import Call
from tidings_local.launcher.developing.dev.runner import DevRunner, Laid, SessionLostError
from tidings_local.launcher.developing.dev.session import Session
from tidings_local.launcher.developing.dev.view import Terminal, View
from tidings_local.launcher.errors import LauncherError
from tidings_local.runner.client import RunnerClient

TEMPLATE = """
Resources:
  Login:
    Type: AWS::Serverless::Function
    Properties: {FunctionName: tidings-login, CodeUri: functions/users/}
  TidingsLayer:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: layers/tidings/}
"""


class RememberingRunner(DevRunner):
    def __init__(self) -> None:
        super().__init__(RunnerClient("nowhere"))
        self.laid: list[set[Path]] = []
        self.lifted = False
        self.forgotten = False
        self.refusal: LauncherError | None = None
        self.told: list[Call] = []
        self.quiet = Event()

    def lay(self, sources: Sources, changed: object = ()) -> Laid:
        if self.refusal:
            raise self.refusal
        self.laid.append(set(changed))  # type: ignore[call-overload]
        self.forgotten = False
        return Laid("/run/dev", (), 0)

    def calls(self, after: int) -> tuple[list[Call], int]:
        if self.forgotten:
            raise SessionLostError
        self.quiet.wait(0.02)
        told, self.told = self.told, []
        return told, after + len(told)

    def lift(self) -> None:
        self.lifted = True


class Development:
    def __init__(self, root: Path) -> None:
        self.users, self.layer = root / "functions/users", root / "layers/tidings"
        for folder in (self.users, self.layer / "tidings", root / "gateway"):
            folder.mkdir(parents=True)
        (root / "template.yaml").write_text(TEMPLATE)
        (self.users / "login.py").write_text("x = 1\n")
        self.root, self.runner, self.out = root, RememberingRunner(), io.StringIO()
        self.session = Session(self.runner, root, View(Terminal(file=self.out, width=200)))
        self.failures: list[LauncherError] = []
        self._numbers = count()
        self.thread = Thread(target=self._watch)

    def __enter__(self) -> "Development":
        self.session.begin()
        self.thread.start()
        eventually(self._is_watched, what="a watched folder")
        return self

    def _is_watched(self) -> bool:
        """Change a file until the change is seen: watchfiles does not report its start."""
        probe = self.root / "layers/dependencies"
        probe.mkdir(exist_ok=True)
        (probe / f"{next(self._numbers)}").touch()
        return "layers/dependencies/" in self.out.getvalue()

    def __exit__(self, *_: object) -> None:
        self.session.end()
        self.thread.join()

    def _watch(self) -> None:
        try:
            self.session.watch()
        except LauncherError as error:
            self.failures.append(error)

    def wait_to_read(self, text: str) -> None:
        eventually(lambda: text in self.out.getvalue(), what=text)


@pytest.fixture
def development(tmp_path: Path) -> Iterator[Development]:
    with Development(tmp_path) as development:
        yield development


def test_the_working_tree_runs_from_the_beginning(development: Development) -> None:
    assert development.runner.laid == [set()]
    development.wait_to_read("saved files run at the next call")


def test_a_saved_function_runs(development: Development) -> None:
    (development.users / "login.py").write_text("x = 2\n")
    eventually(lambda: {development.users} in development.runner.laid)
    development.wait_to_read("saved functions/users/login.py")


def test_a_file_that_an_editor_replaces_runs(development: Development, tmp_path: Path) -> None:
    written = tmp_path / "written"
    written.write_text("x = 2\n")
    written.replace(development.users / "login.py")
    eventually(lambda: {development.users} in development.runner.laid)
    development.wait_to_read("saved functions/users/login.py")


def test_a_saved_layer_runs(development: Development) -> None:
    (development.layer / "tidings/new.py").write_text("x = 2\n")
    eventually(lambda: {development.layer} in development.runner.laid)


def test_a_removed_file_counts(development: Development) -> None:
    (development.users / "login.py").unlink()
    eventually(lambda: {development.users} in development.runner.laid)


def test_a_mistake_is_shown_at_once_and_runs(development: Development) -> None:
    (development.users / "login.py").write_text("def (:\n")
    development.wait_to_read("functions/users/login.py:1: invalid syntax")
    # The old code must not run.
    eventually(lambda: {development.users} in development.runner.laid)


def test_a_changed_template_needs_a_deployment(development: Development) -> None:
    (development.root / "template.yaml").write_text(TEMPLATE + "# more\n")
    development.wait_to_read("template.yaml changed: this needs `make deploy`")


def test_calls_are_shown(development: Development) -> None:
    development.runner.told = [a_call("hello from a function")]
    development.wait_to_read("hello from a function")


def test_restarted_runner_gets_everything_again(development: Development) -> None:
    development.runner.forgotten = True
    eventually(lambda: len(development.runner.laid) == 2)
    development.wait_to_read("it runs the working tree again")


def test_session_ends_when_another_make_dev_replaces_it(development: Development) -> None:
    development.runner.refusal = LauncherError("another make dev serves this stack")
    development.runner.forgotten = True
    eventually(lambda: development.failures)


def test_closed_output_pipe_ends_the_session(development: Development) -> None:
    def closed(_: str) -> int:
        raise BrokenPipeError

    development.out.write = closed  # type: ignore[method-assign]
    development.runner.told = [a_call("for nobody")]
    eventually(lambda: not development.thread.is_alive())


def test_deployed_code_runs_again_after_the_session(tmp_path: Path) -> None:
    with Development(tmp_path) as development:
        pass
    assert development.runner.lifted
