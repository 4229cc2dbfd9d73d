import os
from collections.abc import Callable

import pytest

from tests.host_thread import LoopThread
from tests.unit.lambda_host.builders import wait_until
from tidings_local.lambda_host import memory
from tidings_local.lambda_host.memory import MemoryGauge, MemoryWatch

MB = 1024 * 1024


class Memory:
    """Replaces the kernel's numbers: bytes by process."""

    def __init__(self) -> None:
        self.used: dict[int, int] = {1: 10 * MB}
        self.children: list[int] = []
        self.closed: list[int] = []

    def of(self, pid: int) -> "Reader":
        return Reader(self, pid)


class Reader:
    def __init__(self, memory: Memory, pid: int) -> None:
        self._memory = memory
        self._pid = pid

    def read_bytes(self) -> int:
        return self._memory.used.get(self._pid, 0)

    def close(self) -> None:
        self._memory.closed.append(self._pid)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Memory:
    kernel = Memory()
    monkeypatch.setattr(memory, "ResidentMemory", kernel.of)
    monkeypatch.setattr(memory, "descendants", lambda pid: kernel.children)
    return kernel


def a_gauge(killed: list[int], limit_mb: int = 128) -> MemoryGauge:
    return MemoryGauge(1, limit_mb, lambda: killed.append(1))


def test_peak_stays_when_memory_is_freed(kernel: Memory) -> None:
    gauge = a_gauge([])
    for used in (10, 50, 20):
        kernel.used[1] = used * MB
        gauge.sample()
    assert gauge.peak_mb == 50


def test_megabytes_are_rounded_up(kernel: Memory) -> None:
    gauge = a_gauge([])
    kernel.used[1] = 10 * MB + 1
    gauge.sample()
    assert gauge.peak_mb == 11


def test_process_over_its_limit_is_killed_once_and_reports_at_most_the_limit(
    kernel: Memory,
) -> None:
    killed: list[int] = []
    gauge = a_gauge(killed)
    kernel.used[1] = 128 * MB
    gauge.sample()
    assert killed == []
    kernel.used[1] = 300 * MB
    gauge.sample()
    gauge.sample()
    assert killed == [1]
    assert gauge.peak_mb == 128


def test_children_are_found_periodically_and_count(kernel: Memory) -> None:
    killed: list[int] = []
    gauge = a_gauge(killed)
    kernel.children, kernel.used[2] = [2], 125 * MB
    gauge.sample()
    assert killed == []
    for _ in range(10):
        gauge.tick()
    assert killed == [1]


def test_children_that_ended_are_forgotten(kernel: Memory) -> None:
    gauge = a_gauge([])
    kernel.children, kernel.used[2] = [2], 20 * MB
    for _ in range(10):
        gauge.tick()
    assert gauge.peak_mb == 30
    kernel.children = []
    for _ in range(10):
        gauge.tick()
    kernel.used[1] = 25 * MB
    gauge.sample()
    assert gauge.peak_mb == 30
    gauge.close()
    assert sorted(kernel.closed) == [1, 2]


def test_only_busy_environments_are_sampled(
    kernel: Memory, loop: LoopThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "SAMPLE_SECONDS", 0.001)
    watch = loop.call(MemoryWatch)
    gauge = a_gauge([])
    loop.call(watch.watch, gauge)
    _grown(kernel, gauge, 20)
    loop.call(watch.release, gauge)
    wait_until(lambda: loop.call(lambda: watch._timer) is None, "the rest of the timer")
    kernel.used[1] = 60 * MB
    assert gauge.peak_mb == 20
    loop.call(watch.watch, gauge)
    wait_until(lambda: gauge.peak_mb == 60, "a sample")
    loop.call(watch.stop)
    wait_until(lambda: loop.call(lambda: watch._timer) is None, "the end of the timer")


def _grown(kernel: Memory, gauge: MemoryGauge, mb: int) -> None:
    kernel.used[1] = mb * MB
    wait_until(lambda: gauge.peak_mb == mb, "a sample")


def test_a_real_process_has_a_peak() -> None:
    kill: Callable[[], None] = lambda: None  # noqa: E731
    gauge = MemoryGauge(os.getpid(), 100_000, kill)
    gauge.sample()
    assert gauge.peak_mb > 10
    gauge.close()
