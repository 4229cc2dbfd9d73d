"""Time and ids: arguments with these defaults, so that tests move clocks without patching."""

import uuid
from datetime import UTC, datetime

from bson import ObjectId


def now() -> datetime:
    """Return the time, aware, in UTC, in whole milliseconds as MongoDB keeps it."""
    time = datetime.now(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def new_id() -> str:
    """Return an id of 24 hex digits for a document; later ids sort after earlier ones."""
    return str(ObjectId())


def new_event_id() -> str:
    """Return a random id for an event or a request."""
    return str(uuid.uuid4())
