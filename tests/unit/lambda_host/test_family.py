import os
import subprocess
import sys
from collections.abc import Callable

import psutil
import pytest

from tests.unit.lambda_host.builders import wait_until
from tidings_local.lambda_host import family
from tidings_local.lambda_host.family import ResidentMemory, descendants

MB = 1024 * 1024
A_FAMILY = """
import subprocess, sys, threading, time
child = "import subprocess, time; subprocess.Popen(['sleep', '600']); time.sleep(600)"
threading.Thread(target=lambda: subprocess.Popen([sys.executable, '-c', child]).wait()).start()
"""


@pytest.fixture(params=[True, False], ids=["by-proc", "by-psutil"])
def _each_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param and not family._LINUX:
        pytest.skip("this system does not list the children of a process")
    monkeypatch.setattr(family, "_LINUX", request.param)


def names_of_the_family_of(pid: int) -> list[str]:
    return [psutil.Process(each).name() for each in descendants(pid)]


@pytest.mark.usefixtures("_each_way")
def test_children_of_threads_and_their_children_are_found() -> None:
    parent = subprocess.Popen([sys.executable, "-c", A_FAMILY])
    try:
        wait_until(lambda: "sleep" in names_of_the_family_of(parent.pid), "the grandchild")
        assert len(descendants(parent.pid)) == 2
    finally:
        for pid in [*descendants(parent.pid), parent.pid]:
            os.kill(pid, 9)
        parent.wait(60)
    assert descendants(parent.pid) == []


@pytest.mark.usefixtures("_each_way")
def test_memory_of_a_process_is_read_until_its_end() -> None:
    held = subprocess.Popen(
        [sys.executable, "-c", f"held = bytearray(b'x' * {64 * MB}); print('held'); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert held.stdout
    held.stdout.readline()
    memory = ResidentMemory(held.pid)
    assert 64 * MB < memory.read_bytes() < 128 * MB
    held.communicate(b"\n", timeout=60)
    assert memory.read_bytes() == 0
    memory.close()
    assert memory.read_bytes() == 0


def test_both_methods_give_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    def told(linux: bool) -> int:
        monkeypatch.setattr(family, "_LINUX", linux)
        return ResidentMemory(os.getpid()).read_bytes()

    if family._LINUX:
        assert told(True) == pytest.approx(told(False), rel=0.1)


def test_ended_process_has_no_memory() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait(60)
    unknown: list[Callable[[], object]] = [
        ResidentMemory(ended.pid).read_bytes,
        lambda: len(descendants(ended.pid)),
    ]
    assert [ask() for ask in unknown] == [0, 0]
