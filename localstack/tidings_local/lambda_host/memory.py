"""Enforce memory limits: sample the memory of busy processes, and kill one that uses too much."""

import asyncio
import logging
from collections.abc import Callable

from tidings_local.lambda_host.family import ResidentMemory, descendants

logger = logging.getLogger(__name__)

SAMPLE_SECONDS = 0.015
_CHILDREN_EVERY = 10  # in samples during a call, because finding children is expensive
_BYTES_PER_MB = 1024 * 1024


class MemoryGauge:
    """The memory of one process and its children, and their limit."""

    def __init__(self, pid: int, limit_mb: int, kill: Callable[[], None]) -> None:
        self.pid = pid
        self._limit_bytes = limit_mb * _BYTES_PER_MB
        self._kill = kill
        self._own = ResidentMemory(pid)
        self._children: list[ResidentMemory] = []
        self._ticks = 0
        self._peak_bytes = 0
        self._exceeded = False

    @property
    def peak_mb(self) -> int:
        shown = min(self._peak_bytes, self._limit_bytes)  # AWS never reports more than the limit
        return -(-shown // _BYTES_PER_MB)

    def tick(self) -> None:
        self._ticks += 1
        if self._ticks % _CHILDREN_EVERY == 0:
            self._find_children()
        self.sample()

    def sample(self) -> None:
        used = self._own.read_bytes()
        for child in self._children:
            used += child.read_bytes()
        if used > self._peak_bytes:
            self._peak_bytes = used
        if used > self._limit_bytes and not self._exceeded:
            self._exceeded = True
            logger.info("function over its memory limit", extra={"pid": self.pid})
            self._kill()

    def close(self) -> None:
        self._own.close()
        self._forget_children()

    def _find_children(self) -> None:
        self._forget_children()
        self._children = [ResidentMemory(pid) for pid in descendants(self.pid)]

    def _forget_children(self) -> None:
        for child in self._children:
            child.close()
        self._children = []


class MemoryWatch:
    """One timer for all environments of a host; it is paused while none is busy."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._gauges: set[MemoryGauge] = set()
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, gauge: MemoryGauge) -> None:
        self._gauges.add(gauge)
        if self._timer is None:
            self._timer = self._loop.call_later(SAMPLE_SECONDS, self._tick)

    def release(self, gauge: MemoryGauge) -> None:
        self._gauges.discard(gauge)

    def stop(self) -> None:
        self._gauges.clear()

    def _tick(self) -> None:
        self._timer = None
        if self._gauges:
            self._timer = self._loop.call_later(SAMPLE_SECONDS, self._tick)
        for gauge in list(self._gauges):
            gauge.tick()
