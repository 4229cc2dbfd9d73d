"""The clock and new ids. Operations take both as arguments, so tests need no patching."""

import secrets
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """Return the current time, aware, in UTC, in whole milliseconds as MongoDB stores it."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class _Ids:
    """Ids that sort by time: milliseconds, then a random number that increases within one.

    This is UUIDv7's monotonic random method (RFC 9562, section 6.2, method 2) in the 96 bits of an
    ObjectId. An ObjectId itself sorts only within one process.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0, 0

    def next(self) -> str:
        with self._lock:
            last_ms, last_random = self._last
            ms = time.time_ns() // 1_000_000
            if ms > last_ms:
                self._last = ms, secrets.randbits(47)
            else:
                self._last = last_ms, last_random + 1
            return "{:012x}{:012x}".format(*self._last)


_ids = _Ids()


def new_id() -> str:
    """Return an id of 24 hex digits for a document; later ids sort after earlier ones."""
    return _ids.next()


def first_id(at: datetime) -> str:
    """Return the lowest id that `new_id` could return at a time; before 1970 the lowest of all."""
    ms = (at - EPOCH) // timedelta(milliseconds=1)
    return f"{max(ms, 0):012x}{0:012x}"


def new_event_id() -> str:
    """Return a random id for an event or a request."""
    return str(uuid.uuid4())
