"""The frame of a queue consumer: decode, check, correlate, isolate, retry, dead-letter.

It lives here, not in the bridge, so that it is the same under Amazon MQ, whose mapping can
only retry whole batches.
"""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final

import pika
from pydantic import BaseModel, ConfigDict, ValidationError
from pymongo.errors import PyMongoError

from tidings.platform import database
from tidings.platform.broker import DEAD_LETTERS, Message, publisher
from tidings.platform.clock import new_event_id, now
from tidings.platform.context import attempting, correlated
from tidings.platform.errors import NotYet, TidingsError, Unavailable
from tidings.platform.events import Event
from tidings.platform.logging import logger
from tidings.platform.relay import PERSISTENT, publish_stored
from tidings.platform.settings import settings

# The n-th failed attempt waits the n-th delay; infra/rabbitmq/topology.yaml has the same list.
RETRY_DELAYS_SECONDS: Final = (1, 5, 25, 120, 600)
HISTORY_HEADER: Final = "tidings-history"
QUEUE_HEADER: Final = "tidings-queue"
MAX_ERROR_CHARACTERS: Final = 500
# How long a message waits for which it is too early (`NotYet`); one of the delays.
NOT_YET_SECONDS: Final = 25

LambdaEvent = dict[str, Any]


class Malformed(Exception):
    """The message is no event that this consumer knows; trying again cannot help."""


class Attempt(BaseModel):
    """One failed attempt, as it is kept with the message."""

    model_config = ConfigDict(frozen=True)

    function: str
    error: str
    at: str


def consumer(
    *event_types: type[Event],
) -> Callable[[Callable[[Any], object]], Callable[[LambdaEvent, Any], None]]:
    """Make a Lambda handler (Amazon MQ event) of a function from one event to its effect.

    The effect must be idempotent: a message may come again at any time. A message that fails
    goes, alone, to a retry queue, and after the last delay to `failed-messages` with its
    history; one that is malformed goes there at once.

    Raises (from the handler, which makes the mapping redeliver the whole batch):
        pymongo.errors.PyMongoError: MongoDB is away; no attempt is counted.
        BrokerUnavailable: a failed message could not be put aside.
    """
    known = {each.event_type(): each for each in event_types}

    def decorate(effect: Callable[[Any], object]) -> Callable[[LambdaEvent, Any], None]:
        @wraps(effect)
        def handler(event: LambdaEvent, context: Any) -> None:
            logger.append_keys(aws_request_id=getattr(context, "aws_request_id", None))
            database.connect()
            try:
                failed = [
                    put_aside
                    for queue, message in _messages(event)
                    if (put_aside := _handle(queue, message, known, effect))
                ]
            finally:
                publish_stored()
            _put_aside(failed)

        handler.event_types = event_types  # type: ignore[attr-defined]
        return handler

    return decorate


def _messages(event: LambdaEvent) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, messages in event["rmqMessagesByQueue"].items():
        queue = key.split("::")[0]
        for message in messages:
            yield queue, message


def _handle(
    queue: str,
    message: dict[str, Any],
    known: dict[str, type[Event]],
    effect: Callable[[Any], object],
) -> Message | None:
    """Handle one message; return where it goes next if it failed."""
    with _message_context(message):
        try:
            event = _decode(message, known)
            is_last = len(_history(message)) >= len(RETRY_DELAYS_SECONDS)
            with correlated(event.correlationid, event.id), attempting(last=is_last):
                logger.info("event received", event_type=event.type, event_id=event.id)
                effect(event)
            return None
        except PyMongoError as error:
            if database.is_unavailable(error):
                raise
            return _next_stop(queue, message, error)
        except Exception as error:  # noqa: BLE001 (one bad message stops nobody)
            return _next_stop(queue, message, error)


@contextmanager
def _message_context(message: dict[str, Any]) -> Iterator[None]:
    properties = message.get("basicProperties") or {}
    with correlated(properties.get("correlationId"), properties.get("messageId")):
        yield


def _decode(message: dict[str, Any], known: dict[str, type[Event]]) -> Event:
    try:
        content = json.loads(base64.b64decode(message["data"]))
        event_class = known[content["type"]]
        return event_class.model_validate(content)
    except (ValueError, ValidationError, RecursionError) as error:
        raise Malformed(str(error)) from error
    except (KeyError, TypeError) as error:
        raise Malformed(f"not an event of this consumer: {error!r}") from error


def _next_stop(queue: str, message: dict[str, Any], error: Exception) -> Message:
    """Return the message as it goes on: to a retry queue, or to the dead letters."""
    if isinstance(error, NotYet):
        logger.info("message comes again later", queue=queue, reason=error.message)
        properties = _properties(message, queue, _history(message))
        return Message(f"retry.{NOT_YET_SECONDS}s", queue, _body(message), properties)
    history = [*_history(message), _attempt(error)]
    failures = len(history)
    permanent = isinstance(error, Malformed) or (
        isinstance(error, TidingsError) and not error.retryable
    )
    if permanent or failures > len(RETRY_DELAYS_SECONDS):
        logger.exception("message failed for good", queue=queue, attempts=failures)
        exchange = DEAD_LETTERS
    else:
        delay = RETRY_DELAYS_SECONDS[failures - 1]
        logger.warning("message failed and waits", queue=queue, seconds=delay, reason=repr(error))
        exchange = f"retry.{delay}s"
    properties = _properties(message, queue, history)
    return Message(exchange, queue, _body(message), properties)


def _body(message: dict[str, Any]) -> bytes:
    """Return what the producer sent, or as much of it as can be read."""
    text = str(message.get("data", ""))
    try:
        return base64.b64decode(text)
    except ValueError:
        return text.encode(errors="replace")


def _attempt(error: Exception) -> Attempt:
    text = f"{type(error).__name__}: {error}"[:MAX_ERROR_CHARACTERS]
    return Attempt(function=settings().function_name, error=text, at=now().isoformat())


def _history(message: dict[str, Any]) -> list[Attempt]:
    headers = (message.get("basicProperties") or {}).get("headers") or {}
    raw = headers.get(HISTORY_HEADER)
    if not isinstance(raw, dict):
        return []
    try:
        return [Attempt.model_validate(each) for each in json.loads(bytes(raw["bytes"]))]
    except (ValueError, KeyError, TypeError, ValidationError):
        logger.warning("history of a message is not readable")
        return []


def _properties(
    message: dict[str, Any], queue: str, history: list[Attempt]
) -> pika.BasicProperties:
    given = message.get("basicProperties") or {}
    return pika.BasicProperties(
        content_type=given.get("contentType"),
        delivery_mode=PERSISTENT,
        message_id=given.get("messageId") or new_event_id(),
        correlation_id=given.get("correlationId"),
        type=given.get("type"),
        headers={
            QUEUE_HEADER: queue,
            HISTORY_HEADER: json.dumps([each.model_dump() for each in history]),
        },
    )


def _put_aside(failed: list[Message]) -> None:
    if failed and len(publisher().publish(failed)) < len(failed):
        raise Unavailable("A failed message could not be put aside; the batch comes again.")
