"""Read the memory and children of a process: from /proc on Linux, by psutil elsewhere."""

import os
from pathlib import Path

import psutil

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_LINUX = Path(f"/proc/self/task/{os.getpid()}/children").exists()


class ResidentMemory:
    """The resident memory of one process, for repeated reads."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._fd = _opened(pid) if _LINUX else -1

    def read_bytes(self) -> int:
        """Return the memory, or 0 if the process ended."""
        if not _LINUX:
            return _resident_bytes(self._pid)
        try:
            return int(os.pread(self._fd, 64, 0).split(None, 2)[1]) * _PAGE_BYTES
        except (OSError, IndexError):
            return 0

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def descendants(pid: int) -> list[int]:
    """Return all descendants of a process, its children first."""
    if not _LINUX:
        return _descendants(pid)
    found = _children(pid)
    for each in found:  # grows while it is read
        found.extend(_children(each))
    return found


def _children(pid: int) -> list[int]:
    try:
        tasks = [*Path(f"/proc/{pid}/task").iterdir()]
        texts = [(task / "children").read_text() for task in tasks]
    except OSError:  # the process, or one of its threads, ended
        return []
    return [int(child) for text in texts for child in text.split()]


def _opened(pid: int) -> int:
    try:
        return os.open(f"/proc/{pid}/statm", os.O_RDONLY)
    except OSError:  # it ended at once
        return -1


def _resident_bytes(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def _descendants(pid: int) -> list[int]:
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return []
