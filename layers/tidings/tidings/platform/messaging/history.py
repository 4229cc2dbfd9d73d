"""The history of a failed message, in plain headers that every consumer can read.

RabbitMQ's own `x-death` header is not used: it is not documented how Amazon MQ's event source
mapping passes nested headers.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import AfterValidator, ConfigDict, ValidationError

from tidings.platform.logging import logger
from tidings.platform.schema import Schema
from tidings.platform.settings import settings
from tidings.platform.text.cuts import cut
from tidings.platform.text.excerpts import without_input
from tidings.platform.timing.clock import now

HISTORY_HEADER: Final = "tidings-history"
QUEUE_HEADER: Final = "tidings-queue"
# The exchange and routing key of a message that was unroutable.
EXCHANGE_HEADER: Final = "tidings-exchange"
ROUTING_KEY_HEADER: Final = "tidings-routing-key"

MAX_ERROR_CHARACTERS: Final = 500
# All headers of a message must fit into one frame of 128 KiB.
MAX_HISTORY_CHARACTERS: Final = 64 * 1024
# The function name in the mark that a redrive adds.
REDRIVE: Final = "redrive"


# An error may quote half a surrogate pair, which JSON can hold but MongoDB and responses cannot.
Text = Annotated[str, AfterValidator(lambda text: text.encode(errors="replace").decode())]


class Attempt(Schema):
    """One failed attempt, as stored with the message."""

    model_config = ConfigDict(frozen=True)

    function: Text
    error: Text
    at: Text


History = tuple[Attempt, ...]


def failed_attempt(error: Exception) -> Attempt:
    """Return an attempt of this function that failed now with this error."""
    return Attempt(function=settings().function_name, error=told(error), at=now().isoformat())


def told(error: Exception) -> str:
    """Return an error as the history of a message shows it: without input, and not too long."""
    return cut(without_input(f"{type(error).__name__}: {error}"), MAX_ERROR_CHARACTERS)


def redrive_mark() -> Attempt:
    """Return the mark of a redrive: attempts after it are counted from zero."""
    return Attempt(function=REDRIVE, error="an operator sent it back", at=now().isoformat())


def failures_since_redrive(history: Sequence[Attempt]) -> int:
    marks = [place for place, each in enumerate(history) if each.function == REDRIVE]
    return len(history) - (marks[-1] + 1 if marks else 0)


def encoded(history: Sequence[Attempt]) -> str:
    """Return the header's text. If it is too long, the oldest attempts are left out."""
    kept = [each.model_dump() for each in history]
    while len(text := json.dumps(kept)) > MAX_HISTORY_CHARACTERS:
        kept.pop(0)
    return text


def history_of(headers: Mapping[str, Any]) -> History:
    """Return the history in a Lambda event's headers; empty if it is missing or unreadable."""
    return decoded(text_header(headers, HISTORY_HEADER))


def decoded(text: str | None) -> History:
    """Return the history in the header's text; empty if it is unreadable."""
    if text is None:
        return ()
    try:
        return tuple(Attempt.model_validate(each) for each in json.loads(text))
    except (ValueError, TypeError, RecursionError, ValidationError):
        logger.warning("message history unreadable: attempts are counted from zero")
        return ()


def text_header(headers: Mapping[str, Any], name: str) -> str | None:
    """Return a text header of a Lambda event, where texts are lists of bytes."""
    raw = headers.get(name)
    try:
        return bytes(raw["bytes"]).decode() if isinstance(raw, dict) else None
    except (ValueError, KeyError, TypeError):
        return None


def headers_of(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the headers of one message of a Lambda event."""
    properties = message.get("basicProperties")
    headers = properties.get("headers") if isinstance(properties, dict) else None
    return headers if isinstance(headers, dict) else {}
