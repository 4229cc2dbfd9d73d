"""The errors that the launcher reports to a person."""

from __future__ import annotations

from pathlib import Path

TAIL_LINES = 12


class LauncherError(Exception):
    """An error in one line, a hint what to do, and the log with details."""

    def __init__(self, message: str, *, hint: str = "", log: Path | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.log = log

    def lines(self) -> list[str]:
        told = [f"{self.message}: {self.hint}" if self.hint else self.message]
        return told + (tail(self.log) if self.log else [])


def tail(log: Path) -> list[str]:
    """Return the end of a log, indented, below its name."""
    if not log.is_file():
        return []
    lines = log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
    return [f"  end of {log}:", *(f"    {line}" for line in lines)]
