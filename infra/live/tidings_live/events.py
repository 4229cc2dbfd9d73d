"""The events of a stream in the format of Server-Sent Events.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import json
from enum import StrEnum
from typing import Any, Final

from sse_starlette import ServerSentEvent

_LINE_END: Final = "\n"


class Closing(StrEnum):
    """Why the server ends a stream."""

    # Refresh the token, then connect again with the last id.
    TOKEN_EXPIRED = "token_expired"
    # Sign in again.
    SESSION_ENDED = "session_ended"
    # The same person opened more streams. Do not connect again by yourself.
    TOO_MANY_STREAMS = "too_many_streams"
    # The client reads too slowly.
    TOO_SLOW = "too_slow"


class Reloading(StrEnum):
    """Why a client has to load the inbox."""

    MISSED_TOO_MUCH = "missed_too_much"
    MANY_CHANGES = "many_changes"


def event(name: str, data: Any, *, last_id: str | None = None, retry: int | None = None) -> bytes:
    """Return an event with its data as JSON.

    Args:
        last_id: the position that the client sends when it connects again; None changes nothing.
        retry: the milliseconds after which it connects again.
    """
    text = data if isinstance(data, str) else json.dumps(data, separators=(",", ":"))
    made = ServerSentEvent(text, event=name, id=last_id, retry=retry, sep=_LINE_END)
    return made.encode()


def heartbeat(last_id: str) -> bytes:
    """Return a comment, which keeps the connection, with the client's new position."""
    return ServerSentEvent(comment="", id=last_id, sep=_LINE_END).encode()
