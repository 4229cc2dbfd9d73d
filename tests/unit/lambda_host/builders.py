"""Builders of functions, and helpers that wait for a condition."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from tests.settings import run_options
from tidings_local.lambda_host import Function

WAIT_SECONDS = 180.0
PATIENCE_SECONDS = 60.0
"""The default timeout of a function in tests: on a busy machine, a process may need three seconds
to start."""


def a_function(folder: Path, source: str = "", **settings: Any) -> Function:
    """Write a function with the module `app` and its `handler`; each call makes a new revision."""
    revision = str(time.monotonic_ns())
    code_dir = folder / f"code-{revision}"
    code_dir.mkdir(parents=True)
    (code_dir / "app.py").write_text(source)
    given = {"name": "orders-place", "version": "$LATEST", "handler": "app.handler", **settings}
    given.setdefault("timeout_seconds", PATIENCE_SECONDS)
    given.setdefault("arn", f"arn:aws:lambda:us-east-1:000000000000:function:{given['name']}")
    return Function(code_dir=code_dir, revision=revision, **given)


class Gate:
    """Where functions wait until a test lets them go on: they are at work for certain meanwhile."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / f"gate-{time.monotonic_ns()}"
        self._folder.mkdir(parents=True)

    @property
    def source(self) -> str:
        """Return the source of `wait_at_gate`, for a function's module."""
        return (
            "import os, pathlib, time, uuid\n"
            "def wait_at_gate():\n"
            f"    folder = pathlib.Path({str(self._folder)!r})\n"
            "    (folder / uuid.uuid4().hex).touch()\n"
            "    while not (folder / 'open').exists(): time.sleep(0.01)\n"
        )

    def wait_for(self, calls: int) -> None:
        """Wait until so many calls have arrived."""
        wait_until(lambda: len(list(self._folder.iterdir())) >= calls, f"{calls} calls at the gate")

    def open(self) -> None:
        (self._folder / "open").touch()


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {WAIT_SECONDS:g} seconds"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    """Return whether a process runs; a zombie does not.

    It uses psutil, because a process may end between opening and reading its file in /proc.
    """
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def runtime_python() -> Path:
    path = run_options().runtime_python
    assert path, "set TIDINGS_RUNTIME_PYTHON to a Python 3.11 with awslambdaric and boto3 only"
    return path
