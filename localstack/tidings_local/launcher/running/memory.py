"""Read the memory of a stack's processes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from .orphans import processes_of
from .stack import Stack

FUNCTIONS = "functions"
SUPERVISOR = "supervisord"
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Usage:
    processes: int = 0
    size: int = 0
    """In bytes. Shared memory counts once if the system reports it (PSS), else for each process
    (RSS)."""
    is_shared_fairly: bool = True

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.processes + other.processes,
            self.size + other.size,
            self.is_shared_fairly and other.is_shared_fairly,
        )

    @property
    def text(self) -> str:
        return f"{self.size / MEGABYTE:,.0f} MB"


def usage_of(stack: Stack) -> dict[str, Usage]:
    """Return the memory of each service by its name, and that of all functions' processes."""
    found: dict[str, Usage] = {}
    for name, usage in _each(stack):
        found[name] = found.get(name, Usage()) + usage
    return found


def total(usages: dict[str, Usage]) -> Usage:
    return sum(usages.values(), Usage())


def _each(stack: Stack) -> Iterator[tuple[str, Usage]]:
    for process, service in processes_of(stack):
        try:
            name = FUNCTIONS if _runs_functions(process) else service or SUPERVISOR
            yield name, _usage(process)
        except (psutil.Error, OSError):  # it ended meanwhile
            continue


def _runs_functions(process: psutil.Process) -> bool:
    """Return whether it is a function's environment, or a process that they are forked from."""
    return "LAMBDA_TASK_ROOT" in process.environ()


def _usage(process: psutil.Process) -> Usage:
    try:
        pss = getattr(process.memory_full_info(), "pss", None)
    except psutil.AccessDenied:
        pss = None
    if pss:
        return Usage(1, int(pss))
    return Usage(1, int(process.memory_info().rss), is_shared_fairly=False)
