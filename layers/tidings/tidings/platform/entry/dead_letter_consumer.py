"""The decorator of the dead letters' consumer."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tidings.platform.entry.consumer import body_of, messages_of
from tidings.platform.entry.invocation import LambdaEvent, lambda_handler
from tidings.platform.logging import logger
from tidings.platform.messaging.dead_letters import RABBITMQ, DeadLetter
from tidings.platform.messaging.history import (
    EXCHANGE_HEADER,
    QUEUE_HEADER,
    ROUTING_KEY_HEADER,
    Attempt,
    headers_of,
    history_of,
    text_header,
)
from tidings.platform.storage import database
from tidings.platform.timing.clock import now


def dead_letter_consumer(
    store: Callable[[Sequence[DeadLetter]], object],
) -> Callable[[LambdaEvent, Any], None]:
    """Make a Lambda handler (Amazon MQ event) from a function that stores dead letters.

    No further queue exists, so every message is stored as it is. If storing fails, the whole batch
    is redelivered, so `store` must be idempotent.
    """

    @lambda_handler(store)
    def handler(event: LambdaEvent, _context: Any) -> None:
        database.connect()
        letters = [_letter(queue, message) for queue, message in messages_of(event)]
        store(letters)
        logger.info("dead letters stored", messages=len(letters))

    handler.event_types = ()  # type: ignore[attr-defined]
    return handler


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
    """Return an attempt that describes a message which the broker dead-lettered itself."""
    reason = text_header(headers, "x-first-death-reason") or "the message has no history"
    return Attempt(function=RABBITMQ, error=f"DeadLettered: {reason}", at=now().isoformat())


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
