"""Tests of the launcher on a machine with faults: busy ports, missing programs, wrong URLs."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bootstrap import ROOT

NAME = "broken"
STACK = ROOT / ".tidings" / "stacks" / NAME
LIMIT_SECONDS = 300


@pytest.fixture(autouse=True)
def _no_stack_before_and_after() -> Iterator[None]:
    shutil.rmtree(STACK, ignore_errors=True)
    yield
    left = processes_of_the_stack()
    for process in left:
        process.kill()
    shutil.rmtree(STACK, ignore_errors=True)
    assert left == []


def make(target: str, *said: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIDINGS_")}
    return subprocess.run(
        ["make", target, f"PYTHON={sys.executable}", *said],
        cwd=ROOT,
        env=kept | {"TIDINGS_STACK": NAME} | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )


def processes_of_the_stack() -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if str(STACK) in marks(process)]


def marks(process: psutil.Process) -> tuple[str, ...]:
    try:
        return (process.environ().get("TIDINGS_STACK_FOLDER", ""),)
    except (psutil.Error, OSError):
        return ()


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()[0]


def base_port() -> int:
    """Create the stack, which chooses its ports."""
    make("status")
    return int(json.loads((STACK / "stack.json").read_text())["port_base"])


def test_busy_port_is_reported_with_its_owner_and_nothing_is_started() -> None:
    mongodb = base_port() + 4
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", mongodb))
        listening.listen()
        told = complaint(make("up"))
    assert f"port {mongodb} for mongodb is taken by" in told
    assert str(os.getpid()) in told
    assert processes_of_the_stack() == []


@pytest.mark.parametrize(
    ("variable", "url"),
    [
        ("TIDINGS_MONGODB_URI", "mongodb://me:secret@127.0.0.1:1/"),
        ("TIDINGS_REDIS_URL", "redis://:secret@127.0.0.1:1/0"),
        ("TIDINGS_CACHE_REDIS_URL", "redis://:secret@127.0.0.1:1/0"),
        ("TIDINGS_AMQP_URL", "amqp://me:secret@127.0.0.1:1/"),
        ("TIDINGS_AMQP_URL", "http://me:secret@127.0.0.1:1/"),
    ],
)
def test_wrong_url_is_reported_without_its_password(variable: str, url: str) -> None:
    done = make("up", **{variable: url})
    assert complaint(done).startswith(variable)
    assert "secret" not in done.stdout + done.stderr
    assert processes_of_the_stack() == []


def test_service_that_ends_at_once_is_reported_with_its_log_and_the_others_stop() -> None:
    base_port()
    (STACK / "data" / "mongodb").write_text("not a folder")
    done = make("up")
    assert complaint(done) == "mongodb died while starting"
    assert "mongodb.log" in done.stderr
    assert processes_of_the_stack() == []


def test_missing_program_is_reported_with_the_way_to_install_it(tmp_path: Path) -> None:
    for tool in ("/bin/sh", "/usr/bin/make", "/usr/bin/awk"):
        (tmp_path / Path(tool).name).symlink_to(tool)
    told = complaint(make("up", PATH=str(tmp_path)))
    assert "redis-server" in told
    for remedy in ("apt-get install", "brew install", "ENGINE=docker"):
        assert remedy in told


def test_command_for_a_stopped_stack_names_the_command_that_starts_it() -> None:
    assert complaint(make("run-rule", "RULE=outbox-relay")).endswith("is not running: make up")


def test_data_is_not_removed_without_consent() -> None:
    base_port()
    assert "FORCE=1" in complaint(make("clean-data"))
    assert "FORCE=1" in complaint(make("clean-data", FORCE="1"))  # of another program
    assert (STACK / "secrets.json").is_file()
    assert make("clean-data", "FORCE=1").returncode == 0
    assert not STACK.exists()
