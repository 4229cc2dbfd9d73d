"""A stack's supervisord with small test programs: started, stopped, changed and ended."""

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.ports import reserved_port
from tests.waiting import eventually
from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.running import supervisor_config
from tidings_local.launcher.running.lifecycle import check_external, check_ports, stop_all
from tidings_local.launcher.running.orphans import processes_of, stop_orphans
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.services.service import External, Service
from tidings_local.launcher.running.stack import Stack
from tidings_local.launcher.running.supervisor import Supervisor

# In one line, because supervisord parses commands.
WORKS = "import signal; signal.pause()"
DIES = "raise SystemExit('no data folder')"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WORKS}"


def answers() -> str:
    return ""


def program(name: str, script: str = WORKS, **more: object) -> Service:
    defaults: dict[str, object] = {"ports": (), "restarts": False, "stop_seconds": 2}
    return Service(name, [sys.executable, "-c", script], answers, **(defaults | more))  # type: ignore[arg-type]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    found = Stack("tests", tmp_path / "stacks" / "tests", Ports(41000))
    found.make_folders()
    yield found
    with suppress(OSError):
        stop_all(found)
    assert list(processes_of(found)) == []


@pytest.fixture
def supervisor(stack: Stack) -> Supervisor:
    return Supervisor(stack)


@pytest.fixture
def begin(stack: Stack, supervisor: Supervisor) -> Callable[..., None]:
    """Start supervisord for some services, and then each of them."""

    def started(*services: Service) -> None:
        supervisor.start(supervisor_config.render(stack, list(services)))
        for each in services:
            supervisor.start_program(each.name)

    return started


def state_of(supervisor: Supervisor, name: str) -> str:
    return supervisor.states()[name].state


def pid_of(supervisor: Supervisor, name: str) -> int:
    return eventually(lambda: supervisor.states()[name].pid, what=f"{name} runs")


def test_nothing_answers_before_the_start(supervisor: Supervisor, stack: Stack) -> None:
    assert not supervisor.answers()
    assert not stop_all(stack)


def test_program_starts_on_request(
    stack: Stack, supervisor: Supervisor, begin: Callable[..., None]
) -> None:
    supervisor.start(supervisor_config.render(stack, [program("one"), program("two")]))
    supervisor.start_program("one")
    assert pid_of(supervisor, "one")
    assert not supervisor.states()["two"].running
    # A process has its marks a moment after its start.
    eventually(lambda: {service for _, service in processes_of(stack)} == {"", "one"})


def test_second_start_keeps_the_process(supervisor: Supervisor, begin: Callable[..., None]) -> None:
    begin(program("one"))
    before = pid_of(supervisor, "one")
    supervisor.start_program("one")
    assert pid_of(supervisor, "one") == before


def test_second_stop_is_harmless(supervisor: Supervisor, begin: Callable[..., None]) -> None:
    begin(program("one"))
    for _ in range(2):
        supervisor.stop_program("one")
        assert state_of(supervisor, "one") == "STOPPED"


@pytest.mark.parametrize("call", ["start_program", "stop_program"])
def test_unknown_program_is_no_error(
    supervisor: Supervisor, begin: Callable[..., None], call: str
) -> None:
    begin(program("one"))
    getattr(supervisor, call)("nobody")
    assert set(supervisor.states()) == {"one"}


def test_program_that_ends_is_reported_and_its_log_has_the_reason(
    stack: Stack, supervisor: Supervisor, begin: Callable[..., None]
) -> None:
    begin(program("broken", DIES), program("one"))
    eventually(lambda: supervisor.states()["broken"].died)
    assert "no data folder" in (stack.logs / "broken.log").read_text()
    assert supervisor.states()["one"].running


def test_program_with_restart_runs_again_after_a_kill(
    supervisor: Supervisor, begin: Callable[..., None]
) -> None:
    begin(program("one", restarts=True))
    eventually(lambda: state_of(supervisor, "one") == "RUNNING")
    before = pid_of(supervisor, "one")
    psutil.Process(before).kill()
    eventually(lambda: supervisor.states()["one"].pid not in (0, before))


def test_environment_of_a_program_is_its_own(
    supervisor: Supervisor, begin: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    begin(program("one", environment={"TIDINGS_WORD": "100% of it, and more"}))
    process = psutil.Process(pid_of(supervisor, "one"))
    # A new process has supervisord's environment until its program begins.
    eventually(lambda: "TIDINGS_WORD" in process.environ())
    environment = process.environ()
    assert environment["TIDINGS_WORD"] == "100% of it, and more"
    assert "AWS_PROFILE" not in environment


# --------------------------------------------------------------- a changed configuration


def test_unchanged_programs_keep_running(
    stack: Stack, supervisor: Supervisor, begin: Callable[..., None]
) -> None:
    begin(program("same"), program("changed"), program("gone"))
    before = {name: pid_of(supervisor, name) for name in ("same", "changed", "gone")}
    wanted = [program("same"), program("changed", f"1; {WORKS}"), program("new")]
    supervisor.apply(supervisor_config.render(stack, wanted))
    assert pid_of(supervisor, "same") == before["same"]
    assert {name: each.running for name, each in supervisor.states().items()} == {
        "same": True,
        "changed": False,
        "new": False,
    }
    assert not psutil.pid_exists(before["gone"])


def test_the_same_configuration_changes_nothing(
    stack: Stack, supervisor: Supervisor, begin: Callable[..., None]
) -> None:
    begin(program("one"))
    before = pid_of(supervisor, "one")
    for _ in range(2):
        supervisor.apply(supervisor_config.render(stack, [program("one")]))
    assert pid_of(supervisor, "one") == before


@pytest.mark.parametrize("step", ["stopProcessGroup", "removeProcessGroup", "addProcessGroup"])
@pytest.mark.parametrize("done", [0, 1])
def test_interrupted_change_is_completed_by_the_next_one(
    stack: Stack,
    supervisor: Supervisor,
    begin: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    done: int,
) -> None:
    """`make up` was interrupted, or killed, at this step of the first or the second program."""
    begin(program("one"), program("two"))
    wanted = [program(name, environment={"TIDINGS_WORD": "new"}) for name in ("one", "two")]
    changed = supervisor_config.render(stack, wanted)

    class Interrupted:
        def __init__(self, rpc: Any) -> None:
            self._rpc, self._left = rpc, done

        def __getattr__(self, name: str) -> Any:
            if name == step:
                self._left -= 1
                if self._left < 0:
                    raise KeyboardInterrupt
            return getattr(self._rpc, name)

    with monkeypatch.context() as patch:
        interrupted = Interrupted(supervisor._rpc())
        patch.setattr(supervisor, "_rpc", lambda: interrupted)
        with pytest.raises(KeyboardInterrupt):
            supervisor.apply(changed)
    supervisor.apply(changed)
    for name in ("one", "two"):
        supervisor.start_program(name)
        process = psutil.Process(pid_of(supervisor, name))
        eventually(lambda: process.environ().get("TIDINGS_WORD") == "new")  # noqa: B023


def test_configuration_has_passwords_and_is_private(
    stack: Stack, begin: Callable[..., None]
) -> None:
    begin(program("one", environment={"PASSWORD": "secret"}))
    assert (stack.etc / "supervisord.conf").stat().st_mode & 0o077 == 0


def test_configuration_that_cannot_be_read_is_an_error(supervisor: Supervisor) -> None:
    with pytest.raises(LauncherError, match="supervisord does not start"):
        supervisor.start("[supervisord]\nlogfile_maxbytes=many\n")
    assert not supervisor.answers()


# --------------------------------------------------------------------------- the end


@pytest.mark.parametrize("script", [WORKS, DEAF], ids=["listens", "deaf"])
def test_shutdown_leaves_nothing(
    stack: Stack, supervisor: Supervisor, begin: Callable[..., None], script: str
) -> None:
    begin(program("one", script, stop_seconds=1), program("bridge"), program("epmd"))
    for name in ("one", "bridge", "epmd"):
        pid_of(supervisor, name)
    assert stop_all(stack)
    assert list(processes_of(stack)) == []
    assert not stack.supervisor_socket.exists()
    assert not stop_all(stack)


def test_processes_of_a_killed_supervisor_are_found(
    stack: Stack,
    supervisor: Supervisor,
    begin: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tidings_local.launcher.running.orphans.PATIENCE_SECONDS", 0.5)
    begin(program("one"), program("deaf", DEAF))
    left = {pid_of(supervisor, name) for name in ("one", "deaf")}
    eventually(lambda: {each.pid for each, service in processes_of(stack) if service} == left)
    (chief,) = (each for each, service in processes_of(stack) if service == "")
    chief.kill()
    chief.wait(60)
    assert {each.pid for each, _ in processes_of(stack)} == left
    assert stop_orphans(stack, alive={"one"}) == 1
    assert [service for _, service in processes_of(stack)] == ["one"]
    assert stop_all(stack)


# ----------------------------------------------------------------------- obstacles


def test_port_in_use_is_reported_with_its_owner() -> None:
    with reserved_port() as port:
        with (
            socket.create_server(("127.0.0.1", port)),
            pytest.raises(LauncherError, match=f"port {port} for one is taken by"),
        ):
            check_ports(program("one", ports=(port,)))
        check_ports(program("one", ports=(port,)))


def test_external_service_is_awaited_briefly() -> None:
    asked: list[str] = []

    def comes_up(url: str) -> str:
        asked.append(url)
        if len(asked) < 3:
            raise ConnectionError("not yet")
        return "1.0"

    check_external(External("redis", "redis://elsewhere", "TIDINGS_REDIS_URL", comes_up))
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("problem", "hint"),
    [
        (ConnectionError("refused\nand more"), "refused"),
        (TimeoutError(), "TimeoutError"),
        (OSError("no route (configured timeouts: 2 s)"), "no route"),
    ],
)
def test_unavailable_external_service_is_named_without_its_password(
    problem: Exception, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidings_local.launcher.running.lifecycle.EXTERNAL_SECONDS", 0.1)

    def away(_: str) -> str:
        raise problem

    url = "amqp://me:secret@elsewhere:5672/"
    with pytest.raises(LauncherError) as told:
        check_external(External("rabbitmq", url, "TIDINGS_AMQP_URL", away))
    said = " ".join(told.value.lines())
    assert said.startswith("TIDINGS_AMQP_URL")
    assert "cannot be reached" in said
    assert hint in said
    assert "secret" not in said
    assert "and more" not in said
