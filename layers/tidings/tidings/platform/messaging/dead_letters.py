"""Dead letters, and publishing them back to the queues where they failed."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from pika.spec import BasicProperties
from pydantic import ConfigDict

from tidings.platform.messaging.broker import Message, publisher
from tidings.platform.messaging.history import (
    HISTORY_HEADER,
    QUEUE_HEADER,
    Attempt,
    History,
    encoded,
    redrive_mark,
)
from tidings.platform.messaging.relay import PERSISTENT
from tidings.platform.schema import Schema
from tidings.platform.timing.clock import now

# The function in the attempt of a message that the broker itself put aside.
RABBITMQ: Final = "rabbitmq"


class DeadLetter(Schema):
    """A message that no consumer could handle, and the queue where it failed."""

    model_config = ConfigDict(frozen=True)

    message_id: str | None = None
    # A redrive publishes it here: through the default exchange to the queue where it failed.
    exchange: str = ""
    routing_key: str
    type: str | None = None
    correlation_id: str | None = None
    content_type: str | None = None
    body: bytes
    history: History

    @property
    def key(self) -> str:
        """24 hex digits that identify this message in this queue, however often it fails."""
        name = self.message_id or hashlib.sha256(self.body).hexdigest()
        place = f"{self.exchange}\0{self.routing_key}\0{name}"
        return hashlib.sha256(place.encode(errors="replace")).hexdigest()[:24]

    @property
    def is_dropped(self) -> bool:
        """Say whether the broker put it aside: it came back too often, or expired."""
        return self.history[-1].function == RABBITMQ

    @property
    def failed_at(self) -> datetime:
        return _time_of(self.history[-1])


def send_back(letters: Sequence[DeadLetter]) -> set[str]:
    """Publish messages to the queues where they failed, with their history and a redrive mark.

    Returns:
        The keys of the messages that RabbitMQ accepted.

    Raises:
        BrokerUnavailable: no message was published.
    """
    messages = {letter.key: _message(letter) for letter in letters}
    taken = {id(message) for message in publisher().publish(list(messages.values()))}
    return {key for key, message in messages.items() if id(message) in taken}


def _message(letter: DeadLetter) -> Message:
    history = (*letter.history, redrive_mark())
    headers = {QUEUE_HEADER: letter.routing_key, HISTORY_HEADER: encoded(history)}
    properties = BasicProperties(
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
    except (ValueError, OverflowError):  # not a time, or outside the years that Python supports
        return now()
