"""What a person sees while something takes its time: one line a step, with seconds."""

from __future__ import annotations

import sys
import time

_started = time.monotonic()


def elapsed_seconds() -> float:
    return time.monotonic() - _started


def step(message: str) -> None:
    show(f"{elapsed_seconds():6.1f} s  {message}")


def show(line: str = "") -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def complain(line: str) -> None:
    sys.stdout.flush()
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
