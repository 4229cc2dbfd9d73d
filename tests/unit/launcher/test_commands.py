"""Tests of the output and the exit status of commands."""

import io
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tidings_local.launcher.__main__ import main
from tidings_local.launcher.commands import COMMANDS, ROOMS, command
from tidings_local.launcher.deploying import commands as deploying
from tidings_local.launcher.developing import commands as developing
from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.operating import commands as operating
from tidings_local.launcher.operating.rules import Invocation
from tidings_local.launcher.running import commands as running
from tidings_local.launcher.running import supervisor
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.stack import Stack
from tidings_local.launcher.settings import FAULT_STACK, Options, Settings

Run = Callable[..., int]
EVERY_ROOM = (running, deploying, developing, operating)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[], int]], int]]:
    """Run a function as a command, and restore the signal handlers."""
    handlers = {
        each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }

    def ran(command: Callable[[], int]) -> int:
        monkeypatch.setitem(COMMANDS, "tried", "running")
        monkeypatch.setitem(running.COMMANDS, "tried", command)
        return main(["tried"])

    yield ran
    for each, handler in handlers.items():
        signal.signal(each, handler)


def failing(error: BaseException) -> Callable[[], int]:
    def command() -> int:
        raise error

    return command


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["--help"], ["UP"]])
def test_unknown_command_lists_all(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert set(COMMANDS) <= set(capsys.readouterr().err.replace(",", "").split())


@pytest.mark.parametrize("status", [0, 1, 3])
def test_exit_status_is_the_commands(run: Run, status: int) -> None:
    assert run(lambda: status) == status


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (LauncherError("it is broken", hint="mend it"), 1, "it is broken: mend it"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (
            ClientError({"Error": {"Code": "500", "Message": "no"}}, "ListFunctions"),
            1,
            "make status shows its log",
        ),
        (EndpointConnectionError(endpoint_url="http://localhost:4566"), 1, "make status"),
    ],
)
def test_failure_is_one_line_and_no_traceback(
    run: Run, capsys: pytest.CaptureFixture[str], error: BaseException, status: int, said: str
) -> None:
    assert run(failing(error)) == status
    told = capsys.readouterr().err
    assert said in told
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_terminating_signal_is_an_interrupt(run: Run, number: signal.Signals) -> None:
    def command() -> int:
        signal.raise_signal(number)
        return 0

    assert run(command) == 130


def test_bug_of_ours_prints_a_traceback(run: Run) -> None:
    with pytest.raises(ZeroDivisionError):
        run(lambda: 1 // 0)


# -------------------------------------------------------------------- some commands


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    found = Stack("mine", tmp_path / "mine", Ports(41000))
    found.make_folders()
    monkeypatch.delenv("TIDINGS_AMQP_URL", raising=False)  # like `make test`
    for room in EVERY_ROOM:
        monkeypatch.setattr(room, "load_settings", lambda: Settings(stack="mine"))
    for module in (*EVERY_ROOM, supervisor):
        monkeypatch.setattr(module, "find_stack", lambda _: found)
    return found


def options(monkeypatch: pytest.MonkeyPatch, **said: Any) -> None:
    for room in (running, developing, operating):
        monkeypatch.setattr(room, "load_options", lambda: Options.model_validate(said))


def test_every_command_is_in_its_group() -> None:
    there = {room.__name__.split(".")[-2]: tuple(room.COMMANDS) for room in EVERY_ROOM}
    assert {name: set(names) for name, names in there.items()} == {
        name: set(names) for name, names in ROOMS.items()
    }


def ask(name: str) -> int:
    """Run a make target's command."""
    found = command(name)
    assert found
    return found()


@pytest.mark.parametrize(
    "name",
    [
        *(
            "deploy",
            "dev",
            "gateway",
            "logs",
            "run-rule",
            "create-admin",
            "create-service",
            "services",
        ),
        *(
            "set-team",
            "set-callback",
            "revoke-service",
            "rotate-keys",
            "import-products",
            "declare-topology",
        ),
    ],
)
def test_command_for_a_running_stack_names_the_command_that_starts_it(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    options(monkeypatch)
    with pytest.raises(LauncherError, match="stack mine is not running") as told:
        ask(name)
    assert told.value.hint == "make up"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("typed", "is_removed"),
    [
        (Terminal("mine\n"), True),
        (Terminal(" mine \n"), True),
        (Terminal("\n"), False),
        (Terminal("y\n"), False),
        (Terminal("MINE\n"), False),
        (io.StringIO("mine\n"), False),  # nobody is at the terminal
    ],
)
def test_data_is_removed_after_the_stacks_name_was_typed(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, typed: io.StringIO, is_removed: bool
) -> None:
    options(monkeypatch)
    monkeypatch.setattr("sys.stdin", typed)
    if is_removed:
        assert ask("clean-data") == 0
    else:
        with pytest.raises(LauncherError, match="nothing was removed"):
            ask("clean-data")
    assert stack.folder.exists() != is_removed


def test_force_asks_for_no_confirmation(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    options(monkeypatch, force=True)
    monkeypatch.setattr("builtins.input", lambda _: pytest.fail("asked"))
    assert ask("clean-data") == 0
    assert not stack.folder.exists()


def test_stopping_a_stopped_stack_prints_one_line(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert ask("down") == 0
        assert "stack mine was not running" in capsys.readouterr().out


@pytest.mark.parametrize(("failed", "status"), [([False, False], 0), ([False, True], 1), ([], 0)])
def test_rule_fails_when_one_of_its_targets_does(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, failed: list[bool], status: int
) -> None:
    options(monkeypatch, rule="digests")
    monkeypatch.setattr(operating, "find_running", lambda _: stack)
    done = [Invocation("tidings-digests", {"sent": 1}, each, "a line") for each in failed]
    monkeypatch.setattr(operating, "invoke_rule", lambda *_: done)
    assert ask("run-rule") == status


@pytest.mark.parametrize(
    "name", ["test", "test-faults", "soak", "fuzz", "test-browser", "test-requests"]
)
def test_tests_refuse_a_stack_in_use(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    ran_on: list[str] = []
    options(monkeypatch)

    def note(_stack: Stack, settings: Settings, _options: Options) -> int:
        ran_on.append(settings.stack)
        return 0

    monkeypatch.setattr(developing, "run_tests", note)
    assert ask(name) == 0
    assert ran_on == ["test"]


def test_fault_tests_of_make_test_run_on_their_own_stack(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`make test` passes this to another launcher."""
    ran_on: list[str] = []
    options(monkeypatch)
    monkeypatch.setattr(developing, "load_settings", lambda: Settings(stack=FAULT_STACK))

    def note(_stack: Stack, settings: Settings, _options: Options) -> int:
        ran_on.append(settings.stack)
        return 0

    monkeypatch.setattr(developing, "run_tests", note)
    assert ask("test") == 0
    assert ran_on == [FAULT_STACK]


def test_events_are_released_for_a_version_only(monkeypatch: pytest.MonkeyPatch) -> None:
    options(monkeypatch)
    with pytest.raises(LauncherError, match="VERSION is missing"):
        ask("freeze-events")
