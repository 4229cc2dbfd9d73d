"""The last stop of messages: the frame of its consumer, and the way back to their queues."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Final

import pika
from pydantic import BaseModel, ConfigDict

from tidings.platform import database
from tidings.platform.broker import Message, publisher
from tidings.platform.clock import now
from tidings.platform.consumer import LambdaEvent, body_of, messages_of
from tidings.platform.history import (
    EXCHANGE_HEADER,
    HISTORY_HEADER,
    QUEUE_HEADER,
    ROUTING_KEY_HEADER,
    Attempt,
    History,
    encoded,
    headers_of,
    history_of,
    redrive_mark,
    text_header,
)
from tidings.platform.logging import logger
from tidings.platform.relay import PERSISTENT

RABBITMQ: Final = "rabbitmq"


class DeadLetter(BaseModel):
    """A message that nobody could handle, and where it failed."""

    model_config = ConfigDict(frozen=True)

    message_id: str | None = None
    # Where it goes when it is redriven: the queue where it failed, in the default exchange.
    exchange: str = ""
    routing_key: str
    type: str | None = None
    correlation_id: str | None = None
    content_type: str | None = None
    body: bytes
    history: History

    @property
    def key(self) -> str:
        """24 hex digits that stand for this message in this queue, however often it fails."""
        name = self.message_id or hashlib.sha256(self.body).hexdigest()
        place = f"{self.exchange}\0{self.routing_key}\0{name}"
        return hashlib.sha256(place.encode(errors="replace")).hexdigest()[:24]

    @property
    def failed_at(self) -> datetime:
        return _time_of(self.history[-1])


def dead_letter_consumer(
    store: Callable[[Sequence[DeadLetter]], object],
) -> Callable[[LambdaEvent, Any], None]:
    """Make a Lambda handler (Amazon MQ event) of what stores dead letters.

    There is no further stop: whatever a message is, it is stored as it is. If storing fails,
    the whole batch comes again, so `store` must be idempotent.
    """

    @wraps(store)
    def handler(event: LambdaEvent, context: Any) -> None:
        logger.append_keys(aws_request_id=getattr(context, "aws_request_id", None))
        database.connect()
        letters = [_letter(queue, message) for queue, message in messages_of(event)]
        store(letters)
        logger.info("dead letters stored", messages=len(letters))

    handler.event_types = ()  # type: ignore[attr-defined]
    return handler


def send_back(letters: Sequence[DeadLetter]) -> set[str]:
    """Publish messages to where they failed, with their history and a mark in it.

    Returns:
        The keys of those that RabbitMQ took over.

    Raises:
        BrokerUnavailable: none went.
    """
    messages = {letter.key: _message(letter) for letter in letters}
    taken = {id(message) for message in publisher().publish(list(messages.values()))}
    return {key for key, message in messages.items() if id(message) in taken}


def _letter(queue: str, message: dict[str, Any]) -> DeadLetter:
    properties: Mapping[str, Any] = message.get("basicProperties") or {}
    headers = headers_of(message)
    failed_in = text_header(headers, QUEUE_HEADER) or text_header(headers, "x-first-death-queue")
    return DeadLetter(
        message_id=_text(properties.get("messageId")),
        exchange=text_header(headers, EXCHANGE_HEADER) or "",
        routing_key=text_header(headers, ROUTING_KEY_HEADER) or failed_in or queue,
        type=_text(properties.get("type")),
        correlation_id=_text(properties.get("correlationId")),
        content_type=_text(properties.get("contentType")),
        body=body_of(message),
        history=history_of(headers) or (_dropped(headers),),
    )


def _dropped(headers: Mapping[str, Any]) -> Attempt:
    """Return what is known of a message that the broker dead-lettered by itself."""
    reason = text_header(headers, "x-first-death-reason") or "no history came with it"
    return Attempt(function=RABBITMQ, error=f"DeadLettered: {reason}", at=now().isoformat())


def _message(letter: DeadLetter) -> Message:
    history = (*letter.history, redrive_mark())
    headers = {QUEUE_HEADER: letter.routing_key, HISTORY_HEADER: encoded(history)}
    properties = pika.BasicProperties(
        content_type=letter.content_type,
        delivery_mode=PERSISTENT,
        message_id=letter.message_id,
        correlation_id=letter.correlation_id,
        type=letter.type,
        headers=headers,
    )
    return Message(letter.exchange, letter.routing_key, letter.body, properties)


def _time_of(attempt: Attempt) -> datetime:
    try:
        at = datetime.fromisoformat(attempt.at)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # at the edges of the calendar
        return now()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
