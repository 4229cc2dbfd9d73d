"""Time and ids: arguments with these defaults, so that tests move clocks without patching."""

import secrets
import time
import uuid
from datetime import UTC, datetime


def now() -> datetime:
    """Return the time, aware, in UTC, in whole milliseconds as MongoDB keeps it."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def new_id() -> str:
    """Return an id of 24 hex digits for a document.

    Later ids sort after earlier ones, also from other processes: the first 12 digits are
    milliseconds, as in UUIDv7 (RFC 9562). An ObjectId is in order within a process only.
    """
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(6)}"


def new_event_id() -> str:
    """Return a random id for an event or a request."""
    return str(uuid.uuid4())
