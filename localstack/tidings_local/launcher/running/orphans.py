"""Find processes of a stack without a supervisor, by the mark in their environment."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil

from .stack import Stack
from .supervisor_config import SERVICE_MARK, STACK_MARK

PATIENCE_SECONDS = 5


def stop_orphans(stack: Stack, alive: Iterable[str] = ()) -> int:
    """Stop every process of the stack that belongs to none of the running services."""
    found = orphans(stack, set(alive))
    for process in found:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    _, stubborn = psutil.wait_procs(found, PATIENCE_SECONDS)
    for process in stubborn:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(stubborn, PATIENCE_SECONDS)
    return len(found)


def orphans(stack: Stack, alive: set[str]) -> list[psutil.Process]:
    return [process for process, service in processes_of(stack) if service not in alive]


def processes_of(stack: Stack) -> Iterator[tuple[psutil.Process, str]]:
    """Yield every process of the stack with its service; supervisord's is ''."""
    for process in psutil.process_iter():
        service = _service_of(process, stack.folder)
        if service is not None:
            yield process, service


def _service_of(process: psutil.Process, folder: Path) -> str | None:
    """Return the service of a process; that of supervisord itself is ''."""
    try:
        environment = process.environ()
    except (psutil.Error, OSError):
        return None
    return service_of(environment, folder)


def service_of(environment: dict[str, str], folder: Path) -> str | None:
    if environment.get(STACK_MARK) == str(folder):
        return environment.get(SERVICE_MARK, "")
    # A function's process has only AWS's variables, so the path of its code identifies it.
    if environment.get("LAMBDA_TASK_ROOT", "").startswith(f"{folder}/"):
        return "runner"
    return None
