"""From the outboxes to RabbitMQ: right after the change, and by schedule for what was left."""

import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

import pika
from pymongo.errors import PyMongoError

from tidings.platform.broker import BrokerUnavailable, Message, publisher
from tidings.platform.clock import now
from tidings.platform.events import Event
from tidings.platform.logging import logger
from tidings.platform.outbox import (
    OutboxDocument,
    OutboxEntry,
    Stored,
    clear,
    find_left_behind,
    take_stored,
)

# Younger entries belong to an invocation that is about to publish them itself.
LEFT_BEHIND_AFTER: Final = timedelta(seconds=5)
# Entries that are to come so much later are of a clock that was ahead.
CLOCKS_DIFFER: Final = timedelta(seconds=30)
DOCUMENTS_PER_ROUND: Final = 200
PERSISTENT: Final = 2


def publish_stored() -> None:
    """Publish the events of this invocation's changes and clear them.

    Where RabbitMQ is out of reach they stay in their documents, for `relay_left_behind`; so
    do those of documents that were not noted (`outbox.MAX_NOTED`), and what MongoDB does not clear
    now: the change is made, and whoever asked for it must not be told to ask again.
    """
    stored = take_stored()
    if not stored:
        return
    try:
        for start in range(0, len(stored), DOCUMENTS_PER_ROUND):
            _publish(stored[start : start + DOCUMENTS_PER_ROUND])
    except BrokerUnavailable as error:
        logger.warning("events wait in the outbox", documents=len(stored), reason=error.message)
    except PyMongoError as error:
        reason = type(error).__name__
        logger.warning("events are not cleared", documents=len(stored), reason=reason)


def publish_now(events: Sequence[Event]) -> None:
    """Publish events that no document keeps: those that a repeated message makes again.

    Raises:
        BrokerUnavailable: not all of them were taken; publish all again.
    """
    taken = publisher().publish([_message(OutboxEntry.of(event)) for event in events])
    if len(taken) < len(events):
        raise BrokerUnavailable("Not every event was taken by RabbitMQ.")


def relay_left_behind(document_classes: Iterable[type[OutboxDocument]], *, seconds: float) -> int:
    """Publish what crashes and bulk changes left in the outboxes, for at most so many seconds.

    The classes take turns, so that a bulk of one does not delay the others. Safe to run
    several times at once: consumers handle an event that comes twice.

    Returns:
        How many events were published.

    Raises:
        BrokerUnavailable: RabbitMQ cannot be reached; everything stays where it is.
    """
    deadline, published = time.monotonic() + seconds, 0
    waiting = list(document_classes)
    while waiting and time.monotonic() < deadline:
        document_class = waiting.pop(0)
        found = find_left_behind(
            document_class,
            before=now() - LEFT_BEHIND_AFTER,
            beyond=now() + CLOCKS_DIFFER,
            limit=DOCUMENTS_PER_ROUND,
        )
        sent = _publish(found)
        published += sent
        if sent and len(found) >= DOCUMENTS_PER_ROUND:
            waiting.append(document_class)
    return published


def _publish(stored: list[Stored]) -> int:
    entries = {entry.event_id: entry for each in stored for entry in each.entries}
    taken = publisher().publish([_message(entry) for entry in entries.values()])
    taken_ids = {message.properties.message_id for message in taken}
    if len(taken_ids) < len(entries):
        logger.error("events were not taken by RabbitMQ", events=len(entries) - len(taken_ids))
    clear([each.only(taken_ids) for each in stored])
    return len(taken_ids)


def _message(entry: OutboxEntry) -> Message:
    properties = pika.BasicProperties(
        content_type="application/cloudevents+json",
        delivery_mode=PERSISTENT,
        message_id=entry.event_id,
        correlation_id=entry.correlation_id,
        type=entry.type,
        timestamp=int(entry.time.timestamp()),
    )
    key = entry.routing_key or entry.type
    return Message(entry.exchange, key, entry.body.encode(), properties)
