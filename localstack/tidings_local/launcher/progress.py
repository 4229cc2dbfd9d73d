"""The output while a command runs: one line for each step, with seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

BAR_WIDTH = 30

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


@contextmanager
def bar() -> Iterator[Callable[[float, str], None]]:
    """Show a bar that grows in place; without a terminal, a line for each tenth."""
    in_place, told = sys.stderr.isatty(), -1

    def grow(share: float, note: str) -> None:
        nonlocal told
        share = min(max(share, 0.0), 1.0)
        tenth = int(share * 10)
        if not in_place and tenth == told:
            return
        told = tenth
        filled = "#" * int(share * BAR_WIDTH)
        line = f"[{filled:.<{BAR_WIDTH}}] {share:4.0%}  {note}"
        sys.stderr.write(f"\r{line}" if in_place else f"{line}\n")
        sys.stderr.flush()

    try:
        yield grow
    finally:
        if in_place and told >= 0:
            sys.stderr.write("\n")
