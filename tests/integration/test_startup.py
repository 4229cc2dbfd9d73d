"""Tests of `make up`: the order of starts, and the state after a failure."""

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
from tidings_local.launcher.running.lifecycle import Startup, restart, startup, stop_all
from tidings_local.launcher.running.orphans import processes_of
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.services.service import External, Service, answers
from tidings_local.launcher.running.stack import Stack

LISTENS = (
    "import socket, signal; listening = socket.create_server(('127.0.0.1', {port})); signal.pause()"
)
WORKS = "import signal; signal.pause()"
DIES = "print('no data folder'); raise SystemExit(1)"


def listening(name: str, port: int, **more: Any) -> Service:
    return service(name, LISTENS.format(port=port), lambda: answers(port), ports=(port,), **more)


def service(name: str, script: str, probe: Callable[[], str] = lambda: "", **more: Any) -> Service:
    options: dict[str, Any] = {"ports": (), "restarts": False, "stop_seconds": 2} | more
    return Service(name, [sys.executable, "-c", script], probe, **options)


class Members:
    """The parts of a stack's members that a start uses."""

    def __init__(self, *own: Service, external: tuple[External, ...] = ()) -> None:
        self.own, self.external = list(own), list(external)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    found = Stack("tests", tmp_path / "stacks" / "tests", Ports(41000))
    found.make_folders()
    yield found
    with suppress(OSError):
        stop_all(found)
    assert list(processes_of(found)) == []


@pytest.fixture
def port() -> Iterator[int]:
    with reserved_port() as port:
        yield port


def running(stack: Stack, *names: str) -> dict[str, int]:
    """Return the process of each running service; wait for those with these names.

    A process has its marks only a moment after supervisord has started it.
    """

    found: dict[str, int] = {}

    def all_run() -> bool:
        found.clear()
        found.update({name: process.pid for process, name in processes_of(stack) if name})
        return found.keys() >= set(names)

    eventually(all_run, what=f"processes of {names}")
    return found


def bring_up(stack: Stack, members: Any) -> Startup:
    with startup(stack, members) as attempt:
        attempt.begin()
        for each in members.own:
            attempt.wait_for(each.name)
    return attempt


def test_services_are_ready_at_its_end(stack: Stack, port: int) -> None:
    attempt = bring_up(stack, Members(listening("mongodb", port), service("redis", WORKS)))
    assert answers(port) == ""
    assert attempt.fresh
    assert {each.name for each in attempt.started} == {"mongodb", "redis"}


def test_services_are_started_in_order(stack: Stack) -> None:
    last, first = (
        service(name, WORKS, starts_after=order) for name, order in (("last", 9), ("first", 1))
    )
    attempt = bring_up(stack, Members(last, first))
    assert [each.name for each in attempt.started] == ["first", "last"]


def test_second_start_starts_nothing(stack: Stack) -> None:
    members = Members(service("one", WORKS), service("two", WORKS))
    bring_up(stack, members)
    before = running(stack, "one", "two")
    again = bring_up(stack, members)
    assert (again.started, again.fresh) == ([], False)
    assert running(stack) == before


def test_only_ended_services_are_started_again(stack: Stack) -> None:
    members = Members(service("one", WORKS), service("two", WORKS))
    bring_up(stack, members)
    before = running(stack, "one", "two")
    psutil.Process(before["two"]).kill()
    eventually(lambda: "two" not in running(stack))
    again = bring_up(stack, members)
    assert [each.name for each in again.started] == ["two"]
    assert running(stack, "one", "two")["one"] == before["one"]


def test_killed_supervisor_is_restarted_with_all_services(stack: Stack, port: int) -> None:
    members = Members(listening("one", port))
    bring_up(stack, members)
    (chief,) = (process for process, name in processes_of(stack) if not name)
    before = running(stack, "one")["one"]
    chief.kill()
    chief.wait(60)
    assert bring_up(stack, members).fresh  # the remaining process held the port
    assert running(stack, "one")["one"] != before


# ------------------------------------------------------------------------ failures


def test_service_that_ends_shows_its_log_and_stops_the_others(stack: Stack) -> None:
    members = Members(service("one", WORKS), service("broken", DIES, never))
    with pytest.raises(LauncherError, match="broken died while starting") as told:
        bring_up(stack, members)
    assert "no data folder" in "\n".join(told.value.lines())
    assert list(processes_of(stack)) == []


def test_service_without_its_program_is_told_at_once(stack: Stack, tmp_path: Path) -> None:
    options: dict[str, Any] = {"ports": (), "restarts": True, "stop_seconds": 2}
    missing = Service("missing", [str(tmp_path / "python")], never, ready_seconds=600, **options)
    with pytest.raises(LauncherError, match="missing died while starting"):
        bring_up(stack, Members(missing))


def never() -> str:
    raise ConnectionError


def test_service_that_is_never_ready_is_abandoned(stack: Stack) -> None:
    members = Members(service("slow", WORKS, never, ready_seconds=1))
    with pytest.raises(LauncherError, match="slow is not ready after 1 s"):
        bring_up(stack, members)
    assert list(processes_of(stack)) == []


def test_dead_service_is_reported_without_waiting_for_the_others(stack: Stack) -> None:
    members = Members(service("slow", WORKS, never), service("broken", DIES, never))
    with pytest.raises(LauncherError, match="broken died while starting"):
        bring_up(stack, members)


def test_failure_stops_only_services_started_now(stack: Stack) -> None:
    bring_up(stack, Members(service("one", WORKS)))
    before = running(stack, "one")
    with pytest.raises(LauncherError):
        bring_up(stack, Members(service("one", WORKS), service("broken", DIES, never)))
    assert running(stack) == before


def test_interrupt_stops_the_started_services(stack: Stack) -> None:
    members: Any = Members(service("one", WORKS))
    with pytest.raises(KeyboardInterrupt), startup(stack, members) as attempt:
        interrupt(attempt)
    assert list(processes_of(stack)) == []


def interrupt(attempt: Startup) -> None:
    attempt.begin()
    raise KeyboardInterrupt


def test_port_of_another_program_stops_it_before_anything_runs(stack: Stack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(LauncherError, match=f"port {port} for two is taken"):
            bring_up(stack, Members(service("one", WORKS), listening("two", port)))
        assert list(processes_of(stack)) == []


def test_unavailable_external_service_stops_it_before_anything_runs(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidings_local.launcher.running.lifecycle.EXTERNAL_SECONDS", 0.1)

    def away(_: str) -> str:
        raise ConnectionError("refused")

    external = External("redis", "redis://elsewhere", "TIDINGS_REDIS_URL", away)
    with pytest.raises(LauncherError, match="TIDINGS_REDIS_URL"):
        bring_up(stack, Members(service("one", WORKS), external=(external,)))
    assert list(processes_of(stack)) == []


# ------------------------------------------------------------------------- one service


def test_restart_starts_another_process_of_the_same_service(stack: Stack, port: int) -> None:
    members: Any = Members(service("one", WORKS), listening("two", port))
    bring_up(stack, members)
    before = running(stack, "one", "two")
    restart(stack, members, "two")
    assert answers(port) == ""
    after = running(stack, "one", "two")
    assert after["one"] == before["one"]
    assert after["two"] != before["two"]


def test_external_service_is_not_awaited(stack: Stack) -> None:
    members: Any = Members(service("one", WORKS))
    bring_up(stack, members)
    Startup(stack, members).wait_for("rabbitmq")
