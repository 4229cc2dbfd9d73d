"""Read the events that a test announced and that wait for the end of the invocation."""

import json
from typing import Any

from tidings.platform.messaging.outbox import take_stored


def announced_events() -> list[dict[str, Any]]:
    """Return the events recorded since the last call, each once."""
    entries = {entry.event_id: entry for stored in take_stored() for entry in stored.entries}
    return [json.loads(entry.body) for entry in entries.values()]


def announced() -> list[str]:
    """Return the types of these events."""
    return [event["type"] for event in announced_events()]
