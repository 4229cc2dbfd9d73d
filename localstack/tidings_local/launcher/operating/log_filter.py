"""Which log lines `make logs` shows: LEVEL, CORRELATION, SINCE, UNTIL, MINUTES, GREP."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from ..errors import LauncherError
from .log_record import Record

LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
CRASHES: Final = ("[ERROR]", "Traceback", "Task timed out", "Runtime exited", "Runtime.ExitError")
"""What the runtime writes when a function ends by an error."""
ID: Final = re.compile(r"[0-9a-f]{24}")
PLAIN_LEVEL: Final = re.compile(r"\b(DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL)\b|\[(\w+)\]")


@dataclass(frozen=True)
class Wanted:
    level: str | None = None
    correlation: str | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def since_ms(self) -> int:
        return int(self.since.timestamp() * 1000) if self.since else 0

    def accepts(self, record: Record) -> bool:
        if self.correlation is not None and self.correlation not in record.correlations:
            return False
        if self.since is not None and record.at_ms < self.since_ms:
            return False
        if self.until is not None and record.at_ms > self.until.timestamp() * 1000:
            return False
        if self.level is not None and _rank(level_of(record)) < _rank(self.level):
            return False
        return self.text is None or any(
            each in record.text.lower() for each in _searched(self.text)
        )


def wanted(
    *,
    level: str | None,
    correlation: str | None,
    text: str | None,
    since: str | None,
    until: str | None,
    minutes: float | None,
    now: datetime | None = None,
) -> Wanted:
    """Read the arguments.

    Raises:
        LauncherError: one cannot be used.
    """
    moment = now or datetime.now(UTC)
    if level is not None and level.upper() not in LEVELS:
        raise LauncherError(f"LEVEL is not usable: {level}", hint=f"one of {', '.join(LEVELS)}")
    if since and minutes:
        raise LauncherError("SINCE and MINUTES are both set", hint="leave one out")
    begin = moment - timedelta(minutes=minutes) if minutes else _time("SINCE", since, moment)
    return Wanted(level and level.upper(), correlation, text, begin, _time("UNTIL", until, moment))


def level_of(record: Record) -> str:
    """Return a line's level; text of a crashed function is an error, other text is INFO."""
    level = record.fields.get("level")
    if isinstance(level, str):
        return level.upper()
    if any(each in record.text for each in CRASHES):
        return "ERROR"
    found = PLAIN_LEVEL.search(record.text[:80]) if record.is_of_a_service else None
    name = (found[1] or found[2]).upper() if found else "INFO"
    return {"WARN": "WARNING"}.get(name, name)


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else LEVELS.index("INFO")


def _searched(text: str) -> list[str]:
    """Return the text, and for a person's id the hash that the lines have instead."""
    lower = text.lower()
    hashed = hashlib.sha256(lower.encode()).hexdigest()[:16]
    return [lower, hashed] if ID.fullmatch(lower) else [lower]


def _time(name: str, said: str | None, now: datetime) -> datetime | None:
    """Return a time in UTC: ISO 8601, or an hour of today such as 09:30."""
    if said is None:
        return None
    text = f"{now:%Y-%m-%d}T{said}" if re.fullmatch(r"\d\d:\d\d(:\d\d)?", said) else said
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        hint = "09:30, or 2026-11-30T09:30:00Z"
        raise LauncherError(f"{name} is not a time: {said}", hint=hint) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
