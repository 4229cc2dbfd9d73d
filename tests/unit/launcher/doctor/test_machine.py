"""Programs that are too old, full disks, misspelled variables, foreign programs on ports."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import bootstrap
from tests.ports import reserve
from tidings_local.launcher.operating.doctor import machine, ports
from tidings_local.launcher.operating.doctor.finding import Level, listed
from tidings_local.launcher.operating.doctor.installation import Installation
from tidings_local.launcher.operating.doctor.variables import (
    known_variables,
    variables_finding,
)
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.programs import REDIS
from tidings_local.launcher.running.stack import Stack
from tidings_local.launcher.settings import Settings


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(Stack("some", tmp_path / "stacks" / "some", Ports(43210)), Settings())


def program(folder: Path, name: str, answer: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\necho '{answer}'\n")
    file.chmod(0o755)


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        ("Redis server v=6.0.16 sha=00000000", Level.BAD),
        ("Redis server v=7.0.15 sha=00000000", Level.OK),
        ("Redis server v=8.0.2 sha=00000000", Level.OK),
    ],
)
def test_old_redis_is_found(
    answer: str,
    level: Level,
    tmp_path: Path,
    installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program(tmp_path, "redis-server", answer)
    monkeypatch.setattr(machine, "needed_programs", lambda _: [REDIS])
    monkeypatch.setattr(machine, "search_path", lambda: str(tmp_path))
    assert machine.check_programs(installation).level == level


def test_missing_server_is_found(
    tmp_path: Path, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "needed_programs", lambda _: [REDIS])
    monkeypatch.setattr(machine, "search_path", lambda: str(tmp_path))
    found = machine.check_programs(installation)
    assert (found.level, found.found) == (Level.BAD, "missing: redis-server")
    assert "apt-get install redis-server" in found.do


@pytest.mark.parametrize(
    ("answer", "level"), [("v18.20.4", Level.WARN), ("v20.1.0", Level.OK), ("", Level.WARN)]
)
def test_old_node_is_found(
    answer: str,
    level: Level,
    tmp_path: Path,
    installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program(tmp_path, "node", answer)
    monkeypatch.setattr(machine, "search_path", lambda: str(tmp_path))
    assert machine.check_node(installation).level == level


def test_machine_without_node_needs_none(
    tmp_path: Path, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "search_path", lambda: str(tmp_path))
    assert machine.check_node(installation).level == Level.SKIPPED


def test_packages_that_are_out_of_date_are_named(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "outdated", lambda _: ["localstack"])
    found = machine.check_python(installation)
    assert (found.level, found.do) == (Level.WARN, "make up")
    assert "localstack" in found.found


def test_another_python_is_refused(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "PYTHON", (3, 99))
    assert machine.check_python(installation).level == Level.BAD


@pytest.mark.parametrize(
    ("free_mb", "level"),
    [(100, Level.BAD), (399, Level.BAD), (400, Level.WARN), (1999, Level.WARN), (2000, Level.OK)],
)
def test_full_disk_is_found_before_rabbitmq_stops(free_mb: int, level: Level) -> None:
    assert machine.disk_finding(free_mb, Path("/data")).level == level


def test_disk_of_a_stack_that_does_not_exist_yet_is_found(installation: Installation) -> None:
    assert str(installation.stack.folder.parents[1]) in machine.check_disk(installation).found


def test_small_memory_is_found(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.check_memory(installation).level in {Level.OK, Level.WARN}
    monkeypatch.setattr(machine, "MEMORY_WARN_MB", 10**9)
    assert machine.check_memory(installation).level == Level.WARN


# ------------------------------------------------------------------ variables


def test_misspelled_variables_are_named_with_the_meant_ones(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("TIDINGS_LOGLEVEL=DEBUG\nTIDINGS_MAIL_FROM=a@example.com\nOTHER=1\n")
    found = variables_finding(file, {"TIDINGS_PORTBASE": "5000", "PATH": "/bin"})
    assert found.level == Level.WARN
    assert "TIDINGS_LOGLEVEL (TIDINGS_LOG_LEVEL?)" in found.found
    assert "TIDINGS_PORTBASE (TIDINGS_PORT_BASE?)" in found.found
    assert "MAIL_FROM" not in found.found


def test_every_documented_variable_is_known(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("".join(f"{name}=\n" for name in sorted(known_variables())))
    found = variables_finding(file, {"TIDINGS_ARG_FN": "orders", "TIDINGS_PYTHON": "python3.11"})
    assert found.level == Level.OK
    assert {"TIDINGS_ENGINE", "LS_LOG", "TIDINGS_STACK"} <= known_variables()


def test_installation_without_env_file_is_fine(tmp_path: Path) -> None:
    assert variables_finding(tmp_path / ".env", {}).level == Level.OK


# ---------------------------------------------------------------------- ports


@pytest.fixture
def taken() -> Iterator[int]:
    """Return the first port of a block on which this process listens."""
    with reserve() as listening:
        listening.listen()
        yield int(listening.getsockname()[1])


def test_foreign_program_on_a_port_is_named(taken: int, tmp_path: Path) -> None:
    stack = Stack("some", tmp_path / "some", Ports(taken))
    found = ports.check_ports(Installation(stack, Settings()))
    assert found.level == Level.BAD
    assert str(taken) in found.found
    assert "TIDINGS_PORT_BASE" in found.do


def test_ports_outside_of_the_block_are_checked_too() -> None:
    stack = Ports(43210)
    assert {stack.localstack, stack.live, stack.runner_metrics} <= ports.ports_of(stack)


def test_own_process_on_a_port_is_no_problem(tmp_path: Path) -> None:
    with reserve() as kept:
        port = int(kept.getsockname()[1])
        stack = Stack("some", tmp_path / "some", Ports(port))
        code = (
            "import socket, sys\n"
            "s = socket.socket()\n"
            "s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
            f"s.bind(('127.0.0.1', {port})); s.listen(); print(flush=True); sys.stdin.read()"
        )
        with subprocess.Popen(
            [sys.executable, "-c", code],
            env={"TIDINGS_STACK_FOLDER": str(stack.folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            found = ports.check_ports(Installation(stack, Settings()))
            process.communicate()
    # Other tests may listen on other ports of the block.
    assert f"{port}: " not in found.found


def test_program_that_other_machines_reach_is_found(tmp_path: Path) -> None:
    stack = Stack("some", tmp_path / "some", Ports(43210))
    code = (
        "import socket, sys; s = socket.socket(); s.bind(('0.0.0.0', 0)); s.listen()\n"
        "print(flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env={"TIDINGS_STACK_FOLDER": str(stack.folder), "TIDINGS_SERVICE": "bridge"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = ports.check_ports(Installation(stack, Settings()))
        process.communicate()
    assert found.level == Level.BAD
    assert "other machines reach this" in found.found


def a_stack(folder: Path, base: int) -> Stack:
    folder.mkdir(parents=True)
    (folder / "stack.json").write_text(json.dumps({"port_base": base}))
    return Stack(folder.name, folder, Ports(base))


def test_other_stack_with_the_same_ports_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    mine = a_stack(tmp_path / "clone" / "stacks" / "local", 43200)
    a_stack(tmp_path / "clone" / "stacks" / "apart", 43300)
    found = ports.check_other_stacks(Installation(mine, Settings()))
    assert (found.level, found.found) == (Level.OK, "1 other stacks, all with other ports")

    overlapping = a_stack(tmp_path / "other" / "stacks" / "local", 43205)
    ports.claims_folder().mkdir()
    (ports.claims_folder() / "43205").write_text(str(overlapping.folder))
    (ports.claims_folder() / "43400").write_text(str(tmp_path / "removed"))
    found = ports.check_other_stacks(Installation(mine, Settings()))
    assert found.level == Level.WARN
    assert str(overlapping.folder) in found.found


def test_listeners_are_the_programs_of_this_machine() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        assert listening.getsockname()[1] in ports.listeners()


def test_long_lists_are_counted() -> None:
    assert listed(["a", "b", "c"]) == "a, b, c"
    assert listed("abcde") == "a, b, c and 2 more"
