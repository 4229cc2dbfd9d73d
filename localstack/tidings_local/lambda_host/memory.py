"""Applies memory limits: samples what busy processes use and kills one that uses too much."""

import logging
from collections.abc import Callable
from threading import Condition, Thread

import psutil

logger = logging.getLogger(__name__)

SAMPLE_SECONDS = 0.015
_CHILDREN_EVERY = 10  # finding children reads all of /proc: too dear for each sample
_BYTES_PER_MB = 1024 * 1024


class MemoryGauge:
    """What one process and its children use, against its limit."""

    def __init__(self, pid: int, limit_mb: int, kill: Callable[[], None]) -> None:
        self.pid = pid
        self._limit_bytes = limit_mb * _BYTES_PER_MB
        self._kill = kill
        self._processes = _found(pid)
        self._samples = 0
        self._peak_bytes = 0
        self._exceeded = False

    @property
    def peak_mb(self) -> int:
        shown = min(self._peak_bytes, self._limit_bytes)  # AWS never shows more than the limit
        return -(-shown // _BYTES_PER_MB)

    def sample(self) -> None:
        self._samples += 1
        if self._samples % _CHILDREN_EVERY == 0:
            self._find_children()
        used = sum(map(_resident_bytes, self._processes))
        self._peak_bytes = max(self._peak_bytes, used)
        if used > self._limit_bytes and not self._exceeded:
            self._exceeded = True
            logger.info("function over its memory limit", extra={"pid": self.pid})
            self._kill()

    def _find_children(self) -> None:
        try:
            self._processes[1:] = self._processes[0].children(recursive=True)
        except (psutil.Error, IndexError):
            del self._processes[1:]


class MemoryWatch:
    """One thread for all environments of a host; it sleeps while none is busy."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._gauges: set[MemoryGauge] = set()
        self._stopped = False
        Thread(target=self._run, name="lambda-memory", daemon=True).start()

    def watch(self, gauge: MemoryGauge) -> None:
        with self._changed:
            self._gauges.add(gauge)
            self._changed.notify()

    def release(self, gauge: MemoryGauge) -> None:
        with self._changed:
            self._gauges.discard(gauge)

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def _run(self) -> None:
        while gauges := self._busy():
            for gauge in gauges:
                gauge.sample()

    def _busy(self) -> set[MemoryGauge]:
        """Empty only at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped, SAMPLE_SECONDS)
            self._changed.wait_for(lambda: self._gauges or self._stopped)
            return set() if self._stopped else set(self._gauges)


def _found(pid: int) -> list[psutil.Process]:
    try:
        return [psutil.Process(pid)]
    except psutil.NoSuchProcess:  # it ended at once
        return []


def _resident_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:  # it ended between two samples
        return 0
