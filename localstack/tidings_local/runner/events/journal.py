"""Events on the disk: an added event survives a kill -9 and a power failure."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from typing import Final, NamedTuple

from tidings_local.runner.events.event import Event

logger = logging.getLogger(__name__)

# For another runner that writes to a slow disk; SQLite's default of five seconds can be too short.
LOCK_SECONDS: Final = 60.0
_SET_ASIDE: Final = float("inf")
"""The due time of an unreadable event."""
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY,
    function TEXT NOT NULL,
    due REAL NOT NULL,
    event BLOB NOT NULL
) STRICT
"""
_DUE: Final = """
SELECT id, event FROM (
    SELECT id, event, due, row_number() OVER (PARTITION BY function ORDER BY due, id) AS place
    FROM events WHERE due <= ?
) WHERE place <= ? ORDER BY due, id
"""

_NEXT_DUE: Final = "SELECT min(due) FROM events WHERE due > ? AND due < ?"


class Entry(NamedTuple):
    id: int
    event: Event


class Journal:
    """Blocks: use it in one thread that may wait for the disk.

    Args:
        file: created if it is missing, readable by its owner only, because events contain personal
        data.
    """

    def __init__(self, file: Path) -> None:
        file.touch(mode=0o600)
        # Each statement is a separate transaction.
        self._db = sqlite3.connect(
            file, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute(_SCHEMA)
        # Another version of the runner may read them.
        self._db.execute("UPDATE events SET due = 0 WHERE due = ?", (_SET_ASIDE,))

    def add(self, event: Event, due: float) -> None:
        """Add an event; it is on the disk when this returns."""
        values = (event.function, due, event.written())
        self._db.execute("INSERT INTO events (function, due, event) VALUES (?, ?, ?)", values)

    def change(self, number: int, event: Event, due: float) -> None:
        """Replace the state of an event."""
        values = (event.written(), due, number)
        self._db.execute("UPDATE events SET event = ?, due = ? WHERE id = ?", values)

    def remove(self, number: int) -> None:
        """Remove an event."""
        self._db.execute("DELETE FROM events WHERE id = ?", (number,))

    def due(self, now: float, of_each_function: int) -> list[Entry]:
        """Return the due events, the oldest ones of each function.

        An unreadable event does not stop others: it is skipped until the next opening.
        """
        entries = []
        for number, form in self._db.execute(_DUE, (now, of_each_function)).fetchall():
            try:
                entries.append(Entry(number, Event.read(form)))
            except (ValueError, TypeError, KeyError):
                logger.exception("an event cannot be read: it is skipped", extra={"event": number})
                self._set_aside(number)
        return entries

    def next_due(self, now: float) -> float | None:
        """Return the time of the next event that is not due yet."""
        (due,) = self._db.execute(_NEXT_DUE, (now, _SET_ASIDE)).fetchone()
        return None if due is None else float(due)

    def _set_aside(self, number: int) -> None:
        self._db.execute("UPDATE events SET due = ? WHERE id = ?", (_SET_ASIDE, number))

    def __len__(self) -> int:
        (count,) = self._db.execute("SELECT count(*) FROM events").fetchone()
        return int(count)

    def close(self) -> None:
        self._db.close()
