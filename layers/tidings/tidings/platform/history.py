"""What a failed message says about itself: plain headers, the same on every way to a consumer.

RabbitMQ's own `x-death` is not used for it: how Amazon MQ's mapping hands on nested headers
is not documented.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from tidings.platform.clock import now
from tidings.platform.logging import logger
from tidings.platform.settings import settings

HISTORY_HEADER: Final = "tidings-history"
QUEUE_HEADER: Final = "tidings-queue"
# Where a message was published to that no queue took.
EXCHANGE_HEADER: Final = "tidings-exchange"
ROUTING_KEY_HEADER: Final = "tidings-routing-key"

MAX_ERROR_CHARACTERS: Final = 500
# All headers of a message have to fit into one frame of 128 KiB.
MAX_HISTORY_CHARACTERS: Final = 64 * 1024
# Stands for the function in the mark that a redrive leaves.
REDRIVE: Final = "redrive"


# An error may quote half a surrogate pair, and JSON can write one; MongoDB and answers cannot.
Text = Annotated[str, AfterValidator(lambda text: text.encode(errors="replace").decode())]


class Attempt(BaseModel):
    """One failed attempt, as it is kept with the message."""

    model_config = ConfigDict(frozen=True)

    function: Text
    error: Text
    at: Text


History = tuple[Attempt, ...]


def failed_attempt(error: Exception) -> Attempt:
    """Return this function's failure of just now."""
    text = f"{type(error).__name__}: {error}"[:MAX_ERROR_CHARACTERS]
    return Attempt(function=settings().function_name, error=text, at=now().isoformat())


def redrive_mark() -> Attempt:
    """Return the mark of a redrive: from it on, attempts are counted anew."""
    return Attempt(function=REDRIVE, error="an operator sent it back", at=now().isoformat())


def failures_since_redrive(history: Sequence[Attempt]) -> int:
    marks = [place for place, each in enumerate(history) if each.function == REDRIVE]
    return len(history) - (marks[-1] + 1 if marks else 0)


def encoded(history: Sequence[Attempt]) -> str:
    """Return the header's text; of one that became too long the oldest attempts are left out."""
    kept = [each.model_dump() for each in history]
    while len(text := json.dumps(kept)) > MAX_HISTORY_CHARACTERS:
        kept.pop(0)
    return text


def history_of(headers: Mapping[str, Any]) -> History:
    """Read the history out of a Lambda event's headers; nothing where it is not readable."""
    return decoded(text_header(headers, HISTORY_HEADER))


def decoded(text: str | None) -> History:
    """Read the header's text; nothing where it is not readable."""
    if text is None:
        return ()
    try:
        return tuple(Attempt.model_validate(each) for each in json.loads(text))
    except (ValueError, TypeError, RecursionError, ValidationError):
        logger.warning("history of a message is not readable")
        return ()


def text_header(headers: Mapping[str, Any], name: str) -> str | None:
    """Read a text out of a Lambda event's headers, in which texts are lists of bytes."""
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
