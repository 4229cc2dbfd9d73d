"""A program that runs beside the launcher, and ends with its `with` block at the latest."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Self

import bootstrap

from ..settings import ROOT, environment_of_launcher

INTERRUPTED_SECONDS = 15
LOOK_SECONDS = 0.2
LAUNCHER_SECONDS = 60
"""The time in which another launcher can stop its stack."""


class Child:
    """A running program; it is interrupted, and then killed, at the end of its block.

    Args:
        output: the file for its output; the terminal without one.
        patience: the seconds between its interruption and its kill.
    """

    def __init__(
        self,
        command: list[str],
        environment: dict[str, str],
        *,
        output: IO[str] | None = None,
        patience: float | None = None,
    ) -> None:
        self._patience = patience
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=output and subprocess.STDOUT
        )

    def wait(self) -> int:
        """Wait for its end and return its exit status."""
        return self._process.wait()

    def has_ended(self) -> bool:
        """Return whether it has ended."""
        return self._process.poll() is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._process.poll() is not None:
            return
        if kind is not KeyboardInterrupt:  # a terminal also sends Ctrl-C to it
            self._process.send_signal(signal.SIGINT)
        self._let_finish()

    def _let_finish(self) -> None:
        """Give an interrupted pytest the time to print its results."""
        try:
            self._process.wait(self._patience or INTERRUPTED_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def await_any(running: Iterable[Child]) -> None:
    """Wait until one of the programs has ended."""
    children = list(running)
    while not any(each.has_ended() for each in children):
        time.sleep(LOOK_SECONDS)


def pytest_run(arguments: list[str], environment: dict[str, str], log: Path | None = None) -> Child:
    """Start pytest; its output is written to the terminal, or to a file."""
    command = [str(bootstrap.python_of("dev")), "-m", "pytest", *arguments]
    if log is None:
        return Child(command, environment)
    with log.open("w") as output:
        return Child(command, environment, output=output)


def launcher_run(command: str, said: dict[str, str], log: Path) -> Child:
    """Start another launcher with these variables, and write its output to a file."""
    with log.open("w") as output:
        return Child(
            [sys.executable, "-m", "tidings_local.launcher", command],
            environment_of_launcher() | said,
            output=output,
            patience=LAUNCHER_SECONDS,
        )
