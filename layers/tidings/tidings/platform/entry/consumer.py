"""The decorator of queue consumers: decode, check, correlate, isolate, retry, dead-letter.

It is in the layer, not in the bridge, so that it works the same under Amazon MQ, whose event source
mapping can only retry whole batches.
"""

import base64
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from pika.spec import BasicProperties
from pymongo.errors import PyMongoError

from tidings.platform import tracing
from tidings.platform.context import attempting, correlated
from tidings.platform.entry.invocation import LambdaEvent, lambda_handler, seconds_left
from tidings.platform.errors import NotYet, TidingsError, Unavailable
from tidings.platform.logging import logger
from tidings.platform.messaging import attempts
from tidings.platform.messaging.broker import DEAD_LETTERS, Message, publisher
from tidings.platform.messaging.events import Event, Failure, Malformed, decoded, handling
from tidings.platform.messaging.history import (
    HISTORY_HEADER,
    QUEUE_HEADER,
    Attempt,
    encoded,
    failed_attempt,
    failures_since_redrive,
    headers_of,
    history_of,
)
from tidings.platform.messaging.queue_names import RETRY_DELAYS_SECONDS as RETRY_DELAYS_SECONDS
from tidings.platform.messaging.queues import retry_queue
from tidings.platform.messaging.relay import PERSISTENT, publish_stored
from tidings.platform.observability import metrics
from tidings.platform.storage import database
from tidings.platform.timing.clock import new_event_id

# A message waits between this share of its delay and the whole delay.
LEAST_OF_DELAY: Final = 0.5
# The wait of a message that came too early (`NotYet`). It must be one of the delays.
NOT_YET_SECONDS: Final = 25

_random = random.SystemRandom()

# A message of a Lambda event, and its queue.
Delivered = tuple[str, dict[str, Any]]
Effect = Callable[[Any], object]
# Handles different events at once; returns those that it left alone, and those that failed alone.
Together = Callable[[Sequence[Any]], Sequence[Event | Failure]]


def consumer(
    *event_types: type[Event], together: Together | None = None, needs_seconds: float = 0.0
) -> Callable[[Effect], Callable[[LambdaEvent, Any], None]]:
    """Make a Lambda handler (Amazon MQ event) from a function that handles one event.

    The function must be idempotent: a message may come again at any time. A failed message goes
    alone to a retry queue. After the last delay it goes to `failed-messages` with its history. A
    malformed message goes there at once.

    With `together`, the events of a batch are handled at once, even if it has only one. The others
    are handled singly: messages that failed before, events that are twice in the batch, and the
    events that `together` returns. If it raises, all its events are handled singly, so a message
    that fails is set aside alone.

    Args:
        needs_seconds: the time that one message may take. When less is left of the function's
            timeout, the messages that are still to be handled singly come again later.
        together: handles a list of events, each once, and returns those that it did not handle, and
            a `Failure` for each that is to be set aside. It must be idempotent, too. It may stop
            half-way with an exception: the part that it has stored must have no second effect when
            the same events are handled singly, also in another process. It makes events of one
            event, and logs its outcome, in `with handling(event)`, because no correlation id is set
            around the whole. `is_last_attempt()` is false.

    Raises (from the handler, which makes the mapping redeliver the whole batch):
        pymongo.errors.PyMongoError: MongoDB is unavailable; no attempt is counted.
        BrokerUnavailable: a failed message could not be published to its next queue.
    """
    known = {each.event_type(): each for each in event_types}

    def decorate(effect: Effect) -> Callable[[LambdaEvent, Any], None]:
        @lambda_handler(effect)
        def handler(event: LambdaEvent, context: Any) -> None:
            database.connect()
            started = time.perf_counter()
            failed: list[Message] = []
            received: set[str] = set()
            try:
                messages = list(messages_of(event))
                if together is not None:
                    messages, failed = _handle_together(messages, known, together, received)
                for queue, message in messages:
                    is_late = seconds_left(context) < needs_seconds
                    how = _postpone if is_late else effect
                    put_aside = _handle(queue, message, known, how, received)
                    failed += [put_aside] if put_aside else []
            finally:
                publish_stored()
            _put_aside(failed)
            seconds = time.perf_counter() - started
            for key in event["rmqMessagesByQueue"]:
                metrics.count_batch(queue_of(key), seconds)
            metrics.flush()

        handler.event_types = event_types  # type: ignore[attr-defined]
        handler.together = together  # type: ignore[attr-defined]
        return handler

    return decorate


def messages_of(event: LambdaEvent) -> Iterator[Delivered]:
    for key, messages in event["rmqMessagesByQueue"].items():
        queue = queue_of(key)
        for message in messages:
            yield queue, message


def queue_of(key: str) -> str:
    """Return the queue of `rmqMessagesByQueue`'s key, which has the virtual host after it."""
    return key.split("::")[0]


def _handle_together(
    messages: list[Delivered],
    known: dict[str, type[Event]],
    together: Together,
    received: set[str],
) -> tuple[list[Delivered], list[Message]]:
    """Handle the fresh messages of a batch at once.

    Returns:
        All others, to be handled singly, and the messages to publish next for those that failed.
    """
    fresh = _fresh(messages, known)
    if not fresh:
        return messages, []
    started = time.perf_counter()
    for event in fresh.values():
        with handling(event):
            _log_once(event, received)
    events = list(fresh.values())
    queue = messages[next(iter(fresh))][0]
    try:
        with tracing.consuming(queue, events):
            unhandled = together(events)
            left = {each.id for each in unhandled if isinstance(each, Event)}
            tracing.leave(left)
    except Exception as error:
        if isinstance(error, PyMongoError) and database.is_unavailable(error):
            _log_return(queue, events, error)
            raise
        logger.warning(
            "batch failed: its events are handled singly", events=len(fresh), reason=repr(error)
        )
        return messages, []
    errors = {each.event.id: each.error for each in unhandled if isinstance(each, Failure)}
    done = {place: event for place, event in fresh.items() if event.id not in left}
    seconds, failed = (time.perf_counter() - started) / len(fresh), list[Message]()
    for place, event in done.items():
        queue, message = messages[place]
        put_aside = None
        if event.id in errors:
            with handling(event):
                put_aside = _next_stop(queue, message, errors[event.id], event)
            failed.append(put_aside)
        metrics.count_message(queue, _outcome(put_aside), seconds, event.time)
    return [message for place, message in enumerate(messages) if place not in done], failed


def _postpone(_: Event) -> None:
    raise NotYet("Too little of the function's timeout is left.")


def _fresh(messages: Sequence[Delivered], known: dict[str, type[Event]]) -> dict[int, Event]:
    """Return by place the events that have not failed before, each event once.

    A message that failed is likely to fail again, and the whole batch with it.
    """
    fresh: dict[int, Event] = {}
    seen: set[str] = set()
    for place, (_, message) in enumerate(messages):
        try:
            if _failures(message) or not RETRY_DELAYS_SECONDS:
                continue
            event = _decode(message, known)
        except Exception:  # noqa: BLE001, S112 (it fails again when it is handled singly)
            continue
        if event.id not in seen:
            seen.add(event.id)
            fresh[place] = event
    return fresh


def _handle(
    queue: str,
    message: dict[str, Any],
    known: dict[str, type[Event]],
    effect: Effect,
    received: set[str],
) -> Message | None:
    """Handle one message; return the message to publish next if it failed."""
    started = time.perf_counter()
    event: Event | None = None
    put_aside: Message | None = None
    with _message_context(message):
        try:
            event = _decode(message, known)
            is_last = _failures(message) >= len(RETRY_DELAYS_SECONDS)
            tracked = tracing.consuming(queue, [event])
            with tracked, handling(event), attempting(last=is_last):
                _log_once(event, received)
                effect(event)
        except PyMongoError as error:
            if database.is_unavailable(error):
                _log_return(queue, [event] if event else [], error)
                raise
            put_aside = _next_stop(queue, message, error, event)
        except Exception as error:  # noqa: BLE001 (one bad message must not stop the batch)
            put_aside = _next_stop(queue, message, error, event)
    seconds = time.perf_counter() - started
    metrics.count_message(queue, _outcome(put_aside), seconds, event.time if event else None)
    return put_aside


def _log_once(event: Event, received: set[str]) -> None:
    """Log that an event was received, unless this invocation has logged it."""
    if event.id not in received:
        received.add(event.id)
        logger.info("event received")


def _log_return(queue: str, events: Iterable[Event], error: PyMongoError) -> None:
    """Log that the batch with these events comes again, because MongoDB is unavailable."""
    for event in events:
        with handling(event):
            logger.warning(
                "message returned to its queue: MongoDB unavailable",
                queue=queue,
                outcome="returned",
                reason=type(error).__name__,
            )


def _failures(message: dict[str, Any]) -> int:
    return failures_since_redrive(history_of(headers_of(message)))


def _outcome(put_aside: Message | None) -> str:
    if put_aside is None:
        return "handled"
    return "dead" if put_aside.exchange == DEAD_LETTERS else "retried"


@contextmanager
def _message_context(message: dict[str, Any]) -> Iterator[None]:
    properties = message.get("basicProperties") or {}
    with correlated(properties.get("correlationId"), properties.get("messageId")):
        yield


def _decode(message: dict[str, Any], known: dict[str, type[Event]]) -> Event:
    try:
        body = base64.b64decode(message["data"])
    except (ValueError, KeyError, TypeError) as error:
        raise Malformed(f"the message has no readable body: {error!r}") from error
    return decoded(body, known)


def _next_stop(
    queue: str, message: dict[str, Any], error: Exception, event: Event | None
) -> Message:
    """Return the message for its next stop: a retry queue or the dead letters."""
    known, attempt = history_of(headers_of(message)), failed_attempt(error)
    if isinstance(error, NotYet):
        attempts.note(event, queue, attempt, NOT_YET_SECONDS, is_postponed=True)
        logger.info("message postponed: too early to handle", queue=queue, reason=error.message)
        properties = _properties(message, queue, [*known])
        return Message(retry_queue(NOT_YET_SECONDS), queue, body_of(message), properties)
    history = [*known, attempt]
    failures = failures_since_redrive(history)
    is_expected = isinstance(error, Malformed | TidingsError)
    permanent = is_expected and not getattr(error, "retryable", False)
    if permanent or failures > len(RETRY_DELAYS_SECONDS):
        logger.error(
            "message failed: moved to failed messages",
            queue=queue,
            outcome="dead",
            attempts=failures,
            reason=repr(error),
            # An expected error says all in its reason; hundreds of tracebacks hide what matters.
            exc_info=None if is_expected else error,
        )
        exchange = DEAD_LETTERS
    else:
        delay = RETRY_DELAYS_SECONDS[failures - 1]
        logger.warning(
            "message failed: retry scheduled",
            queue=queue,
            outcome="retried",
            seconds=delay,
            reason=repr(error),
        )
        attempts.note(event, queue, attempt, delay)
        exchange = retry_queue(delay)
    properties = _properties(message, queue, history)
    return Message(exchange, queue, body_of(message), properties)


def body_of(message: dict[str, Any]) -> bytes:
    """Return the bytes that the producer sent, or the raw text if it cannot be decoded."""
    text = str(message.get("data", ""))
    try:
        return base64.b64decode(text)
    except ValueError:
        return text.encode(errors="replace")


def _properties(message: dict[str, Any], queue: str, history: list[Attempt]) -> BasicProperties:
    given = message.get("basicProperties") or {}
    return BasicProperties(
        content_type=given.get("contentType"),
        delivery_mode=PERSISTENT,
        message_id=given.get("messageId") or new_event_id(),
        correlation_id=given.get("correlationId"),
        type=given.get("type"),
        headers={
            QUEUE_HEADER: queue,
            HISTORY_HEADER: encoded(history),
        },
    )


def _put_aside(failed: list[Message]) -> None:
    _spread(failed)
    if failed and len(publisher().publish(failed)) < len(failed):
        raise Unavailable("A failed message was not queued for retry; the batch is redelivered.")


def _spread(failed: list[Message]) -> None:
    """Set random delays, so that messages that failed together do not return together.

    A queue releases its messages from the front, so the shorter delays go first. Otherwise they
    would wait for the longer ones (docs/decisions/0061).
    """
    delays = {retry_queue(seconds): seconds for seconds in RETRY_DELAYS_SECONDS}
    shares = sorted(_random.uniform(LEAST_OF_DELAY, 1) for _ in failed)
    for message, share in zip(failed, shares, strict=True):
        if message.exchange in delays:
            message.properties.expiration = str(int(delays[message.exchange] * 1000 * share))
