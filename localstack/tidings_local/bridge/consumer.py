"""One channel on one queue: receive messages, invoke the function, acknowledge.

All of this runs on the mapping's own thread, because pika is single-threaded. Only invocations run
on the pool, so that heartbeats continue while a function works.
"""

import logging
import time

from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection

from tidings_local.bridge.backoff import Backoff
from tidings_local.bridge.batching import Delivery, Pending
from tidings_local.bridge.intake import Intake
from tidings_local.bridge.invocations import Invocations
from tidings_local.bridge.lambda_api import Outcome, Result
from tidings_local.bridge.report import MappingReport, State
from tidings_local.bridge.settlement import InFlight
from tidings_local.bridge.stop_signal import StopSignal

logger = logging.getLogger(__name__)

# The longest time without a check for a stop request; messages and answers end it earlier.
LONGEST_WAIT_SECONDS = 0.25
# An unavailable Lambda (a restart) is retried more often than a function that fails.
LONGEST_UNREACHABLE_SECONDS = 5.0


class ConsumerCancelledError(Exception):
    """The broker cancelled the consumer: the queue was deleted or moved."""


class Consumer:
    def __init__(
        self,
        connection: BlockingConnection,
        channel: BlockingChannel,
        pending: Pending,
        invocations: Invocations,
        backoff: Backoff,
        report: MappingReport,
        concurrency: int,
    ) -> None:
        self._connection = connection
        self._channel = channel
        self._pending = pending
        self._invocations = invocations
        self._backoff = backoff
        self._report = report
        self._concurrency = concurrency
        self._intake = Intake(pending, report)
        self._in_flight = InFlight(channel)
        self._consumer_tag: str | None = None
        self._cancelled = False
        self._resume_at = 0.0

    def start(self) -> None:
        """Subscribe. Raises ChannelClosedByBroker if the queue does not exist."""
        self._channel.add_on_cancel_callback(self._on_cancelled)
        self._resume()

    def run(self, stop: StopSignal) -> None:
        """Consume until a stop is requested.

        Raises pika's errors if connection or channel are lost.
        """
        while not stop.requested:
            self._turn(self._patience())
            self._resume_when_due()
            self._dispatch()
        self._drain(stop)

    def _turn(self, seconds: float) -> None:
        self._connection.process_data_events(time_limit=seconds)
        if self._cancelled:
            raise ConsumerCancelledError(f"the broker cancelled {self._report.mapping.queue}")
        for batch, outcome in self._invocations.answers():
            self._settle(batch, outcome)

    def _patience(self) -> float:
        """Return the seconds until the next action without a message or an answer."""
        now = time.monotonic()
        waits = [LONGEST_WAIT_SECONDS]
        if self._consumer_tag is None:
            waits.append(max(0.0, self._resume_at - now))
        due_in = self._pending.due_in(now)
        if due_in is not None and self._has_room:
            waits.append(due_in)
        return min(waits)

    @property
    def _has_room(self) -> bool:
        return len(self._in_flight) < self._concurrency

    def _dispatch(self) -> None:
        while self._has_room and (batch := self._pending.take_due(time.monotonic())):
            self._in_flight.add(batch)
            self._invocations.start(batch)

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
        """Stop consuming for a while, so that other bridges can take the requeued messages."""
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
        queue = self._report.mapping.queue
        self._consumer_tag = self._channel.basic_consume(queue, self._intake.on_message)
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
            self._turn(LONGEST_WAIT_SECONDS)
        if self._in_flight:
            logger.warning(
                "drain limit reached, invocations under way will be delivered again",
                extra=self._report.fields() | {"invocations": len(self._in_flight)},
            )

    def _on_cancelled(self, _frame: object) -> None:
        self._cancelled = True
