"""Publish outbox events to RabbitMQ: right after a change, and by schedule."""

import time
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Final

from pika.spec import BasicProperties
from pymongo.errors import PyMongoError

from tidings.platform.logging import logger
from tidings.platform.messaging.broker import BrokerUnavailable, Message, publisher
from tidings.platform.messaging.events import Event
from tidings.platform.messaging.outbox import (
    OutboxDocument,
    OutboxEntry,
    Stored,
    clear,
    find_left_behind,
    take_stored,
)
from tidings.platform.observability import metrics
from tidings.platform.timing.clock import now

# An invocation that is still running publishes younger entries itself.
LEFT_BEHIND_AFTER: Final = timedelta(seconds=5)
# Entries this far in the future come from a clock that was ahead.
CLOCKS_DIFFER: Final = timedelta(seconds=30)
DOCUMENTS_PER_ROUND: Final = 200
PERSISTENT: Final = 2


def publish_stored() -> None:
    """Publish the events of this invocation's changes, and remove them from the outboxes.

    If RabbitMQ is unavailable, events stay in their documents for `relay_left_behind`. The same
    holds for documents that were not noted (`outbox.MAX_NOTED`), and for events that MongoDB does
    not remove now. None of this is an error: the change is stored, and the caller must not repeat
    it.
    """
    stored = take_stored()
    if not stored:
        return
    try:
        for start in range(0, len(stored), DOCUMENTS_PER_ROUND):
            _publish(stored[start : start + DOCUMENTS_PER_ROUND])
    except BrokerUnavailable as error:
        logger.warning(
            "events left in the outbox: RabbitMQ unavailable",
            documents=len(stored),
            reason=error.message,
        )
    except PyMongoError as error:
        reason = type(error).__name__
        logger.warning(
            "published events left in the outbox: MongoDB failed",
            documents=len(stored),
            reason=reason,
        )


def publish_now(events: Sequence[Event]) -> None:
    """Publish events without an outbox; a repeated message creates them again.

    Raises:
        BrokerUnavailable: RabbitMQ did not accept all of them; publish all again.
    """
    taken = publisher().publish([_message(OutboxEntry.of(event)) for event in events])
    if len(taken) < len(events):
        raise BrokerUnavailable("RabbitMQ did not accept every event.")


def relay_left_behind(
    document_classes: Iterable[type[OutboxDocument]],
    *,
    seconds: float,
    goes_on: Callable[[], bool] = lambda: True,
) -> int:
    """Publish events that crashes and bulk writes left in the outboxes, for at most `seconds`.

    The classes take turns, so that a bulk write of one does not delay the others. Several relays
    may run at once: consumers handle an event that comes twice.

    Args:
        goes_on: asked before each read; the relay ends when it says no.

    Returns:
        The number of published events.

    Raises:
        BrokerUnavailable: RabbitMQ is unreachable; events stay in the outboxes.
    """
    deadline, published = time.monotonic() + seconds, 0
    waiting = list(document_classes)
    while waiting and time.monotonic() < deadline and goes_on():
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
        logger.error(
            "events left in the outbox: RabbitMQ refused them", events=len(entries) - len(taken_ids)
        )
    clear([each.only(taken_ids) for each in stored])
    types = Tally(each.type for event_id, each in entries.items() if event_id in taken_ids)
    for name, number in types.items():
        metrics.count(metrics.EVENTS, {"type": name}, number)
    return len(taken_ids)


def _message(entry: OutboxEntry) -> Message:
    properties = BasicProperties(
        content_type="application/cloudevents+json",
        delivery_mode=PERSISTENT,
        message_id=entry.event_id,
        correlation_id=entry.correlation_id,
        type=entry.type,
        timestamp=int(entry.time.timestamp()),
    )
    key = entry.routing_key or entry.type
    return Message(entry.exchange, key, entry.body.encode(), properties)
