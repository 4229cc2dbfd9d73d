"""One open channel on one queue: messages in, invocations out, acknowledgements back.

Everything here runs on the mapping's own thread, pika being single-threaded; only the
invocation itself runs on the pool, so that heartbeats go on while a function works.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import cast

from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.exceptions import AMQPError
from pika.spec import Basic, BasicProperties

from tidings_local.bridge.backoff import Backoff
from tidings_local.bridge.batching import Delivery, Pending
from tidings_local.bridge.event import Envelope, UnencodableMessageError, encode_record
from tidings_local.bridge.lambda_api import Outcome, Result
from tidings_local.bridge.report import MappingReport, State
from tidings_local.bridge.settlement import InFlight
from tidings_local.bridge.stop_signal import StopSignal

logger = logging.getLogger(__name__)

# The most the loop waits without looking up; broker and invocations wake it at once.
LONGEST_WAIT_SECONDS = 1.0
# Lambda that is only away (a restart) is tried more often than a function that fails.
LONGEST_UNREACHABLE_SECONDS = 5.0


class ConsumerCancelledError(Exception):
    """The broker ended the consumer: the queue was deleted or moved."""


class Consumer:
    def __init__(
        self,
        connection: BlockingConnection,
        envelope: Envelope,
        report: MappingReport,
        invoke: Callable[[bytes], Outcome],
        pool: Executor,
        backoff: Backoff,
        *,
        concurrency: int,
        max_prefetch: int,
    ) -> None:
        mapping = report.mapping
        self._connection = connection
        self._channel: BlockingChannel = connection.channel()
        self._channel.basic_qos(prefetch_count=min(mapping.batch_size * concurrency, max_prefetch))
        self._envelope = envelope
        self._report = report
        self._invoke = invoke
        self._pool = pool
        self._backoff = backoff
        self._concurrency = concurrency
        batch_size = min(mapping.batch_size, max_prefetch)
        self._pending = Pending(batch_size, mapping.window_seconds, envelope.room_bytes)
        self._in_flight = InFlight(self._channel)
        self._answers: deque[tuple[list[Delivery], Outcome]] = deque()
        self._consumer_tag: str | None = None
        self._cancelled = False
        self._resume_at = 0.0

    def start(self) -> None:
        """Raises ChannelClosedByBroker if there is no such queue."""
        self._channel.add_on_cancel_callback(self._on_cancelled)
        self._resume()

    def run(self, stop: StopSignal) -> None:
        """Until asked to stop; raises pika's errors when connection or channel are lost."""
        while not stop.requested:
            self._turn()
            self._resume_when_due()
            self._dispatch()
        self._drain(stop)

    def _turn(self) -> None:
        self._connection.process_data_events(time_limit=self._patience())
        if self._cancelled:
            raise ConsumerCancelledError(f"the broker cancelled {self._report.mapping.queue}")
        while self._answers:
            self._settle(*self._answers.popleft())

    def _patience(self) -> float:
        now = time.monotonic()
        waits = [LONGEST_WAIT_SECONDS]
        if self._answers:
            waits.append(0.0)
        if self._consumer_tag is None:
            waits.append(max(0.0, self._resume_at - now))
        due_in = self._pending.due_in(now)
        if due_in is not None and len(self._in_flight) < self._concurrency:
            waits.append(due_in)
        return min(waits)

    # Messages in

    def _on_message(
        self,
        _channel: BlockingChannel,
        method: Basic.Deliver,
        properties: BasicProperties,
        body: bytes,
    ) -> None:
        self._report.counts("delivered")
        tag = cast(int, method.delivery_tag)  # every delivery has one
        try:
            record = encode_record(properties, method.redelivered, body)
        except UnencodableMessageError as error:
            self._reject(tag, properties, body, str(error))
            return
        if not self._pending.fits(record):
            self._reject(tag, properties, body, "larger than an invocation can carry")
            return
        self._pending.add(Delivery(tag, record, time.monotonic(), properties.correlation_id))

    def _reject(self, tag: int, properties: BasicProperties, body: bytes, why: str) -> None:
        self._channel.basic_reject(tag, requeue=False)
        self._report.counts("rejected")
        self._report.fails(f"message rejected: {why}")
        fields = {
            "reason": why,
            "body_bytes": len(body),
            "message_id": properties.message_id,
            "correlation_ids": [properties.correlation_id],
        }
        logger.error("message sent to dead letters", extra=self._report.fields() | fields)

    # Invocations out

    def _dispatch(self) -> None:
        while len(self._in_flight) < self._concurrency:
            batch = self._pending.take_due(time.monotonic())
            if not batch:
                return
            self._in_flight.add(batch)
            self._report.invokes(+1)
            self._pool.submit(self._call, batch)

    def _call(self, batch: list[Delivery]) -> None:
        """On the pool's thread: invokes, hands the answer over, wakes the mapping's thread."""
        started_at = time.monotonic()
        try:
            outcome = self._invoke(self._envelope.enclose([item.record for item in batch]))
        except Exception as error:
            logger.exception("invocation failed inside the bridge", extra=self._report.fields())
            outcome = Outcome(Result.BRIDGE_ERROR, repr(error))
        self._report.invokes(-1)
        self._report.invoked(batch, outcome, time.monotonic() - started_at)
        self._answers.append((batch, outcome))
        try:
            self._connection.add_callback_threadsafe(lambda: None)
        except AMQPError:
            # The broker has the messages back already and will deliver them again.
            logger.warning("answer came after the connection", extra=self._report.fields())

    # Acknowledgements back

    def _settle(self, batch: list[Delivery], outcome: Outcome) -> None:
        if outcome.result is Result.SUCCESS:
            self._in_flight.acknowledge(batch)
            self._report.counts("acked", len(batch))
            self._backoff.reset()
        else:
            self._pause(outcome)
            self._in_flight.requeue(batch)
            self._report.counts("requeued", len(batch))

    def _pause(self, outcome: Outcome) -> None:
        """Takes no more for a while, so that what goes back is free for other bridges."""
        if self._consumer_tag is None:
            return  # already paused by a batch that failed at the same time, or draining
        unreachable = outcome.result is Result.UNREACHABLE
        delay = self._backoff.next(LONGEST_UNREACHABLE_SECONDS if unreachable else None)
        self._resume_at = time.monotonic() + delay
        self._stop_consuming()
        self._report.enters(State.BACKING_OFF)

    def _resume_when_due(self) -> None:
        if self._consumer_tag is None and time.monotonic() >= self._resume_at:
            self._resume()

    def _resume(self) -> None:
        self._consumer_tag = self._channel.basic_consume(
            self._report.mapping.queue, self._on_message
        )
        self._report.enters(State.CONSUMING)

    def _stop_consuming(self) -> None:
        if self._consumer_tag is not None:
            self._channel.basic_cancel(self._consumer_tag)
            self._consumer_tag = None
        waiting = self._pending.clear()
        self._in_flight.give_back(waiting)
        if waiting:
            self._report.counts("requeued", len(waiting))

    def _drain(self, stop: StopSignal) -> None:
        self._stop_consuming()
        self._report.enters(State.DRAINING)
        while self._in_flight and not stop.expired:
            self._turn()
        if self._in_flight:
            logger.warning(
                "drain limit reached, invocations under way will be delivered again",
                extra=self._report.fields() | {"invocations": len(self._in_flight)},
            )

    def _on_cancelled(self, _frame: object) -> None:
        self._cancelled = True
