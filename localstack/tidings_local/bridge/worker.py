"""The thread of one mapping: it connects, consumes, and reconnects until it is stopped."""

import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pika
from pika.exceptions import AMQPError, ChannelClosedByBroker

from tidings_local.bridge.backoff import Backoff
from tidings_local.bridge.batching import Pending
from tidings_local.bridge.consumer import Consumer, ConsumerCancelledError
from tidings_local.bridge.event import Envelope
from tidings_local.bridge.invocations import Invocations
from tidings_local.bridge.lambda_api import Outcome
from tidings_local.bridge.report import MappingReport, State
from tidings_local.bridge.settings import BridgeSettings, connection_parameters
from tidings_local.bridge.stop_signal import StopSignal

logger = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 30.0
# Short, so that a returned broker or a newly declared queue is noticed soon.
FIRST_RECONNECT_SECONDS = 0.2
LONGEST_RECONNECT_SECONDS = 5.0
AMQP_NOT_FOUND = 404


class Worker:
    def __init__(
        self,
        settings: BridgeSettings,
        report: MappingReport,
        invoker: Callable[[bytes], Outcome],
        on_exit: Callable[[], None],
    ) -> None:
        self.report = report
        self._settings = settings
        self._invoker = invoker
        self._on_exit = on_exit
        self._stop = StopSignal()
        self._retry = Backoff(FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS)
        self._reconnect = Backoff(FIRST_RECONNECT_SECONDS, LONGEST_RECONNECT_SECONDS)
        # Kept after a reconnect: an invocation that outlives its connection keeps its slot.
        self._pool = ThreadPoolExecutor(settings.bridge_concurrency, "invoke")
        self._thread = threading.Thread(target=self._run, name=report.mapping.queue, daemon=True)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def stopping(self) -> bool:
        return self._stop.requested

    def start(self) -> None:
        self._thread.start()

    def stop(self, drain_seconds: float) -> None:
        self._stop.request(drain_seconds)

    def join(self, seconds: float) -> None:
        self._thread.join(seconds)

    def _run(self) -> None:
        logger.info("mapping starts", extra=self.report.fields())
        while not self._stop.requested:
            self._attempt()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.report.enters(State.STOPPED)
        logger.info("mapping stopped", extra=self.report.fields())
        self._on_exit()

    def _attempt(self) -> None:
        try:
            self._consume()
        except ChannelClosedByBroker as error:
            missing = error.reply_code == AMQP_NOT_FOUND
            state = State.QUEUE_MISSING if missing else State.CONNECTING
            self._wait_after(state, f"{error.reply_code} {error.reply_text}")
        except (AMQPError, ConsumerCancelledError, OSError) as error:
            self._wait_after(State.CONNECTING, _told(error))
        except Exception as error:
            # A bug in one mapping must neither end it nor stay unnoticed.
            logger.exception("mapping failed", extra=self.report.fields())
            self._wait_after(State.CONNECTING, _told(error))

    def _consume(self) -> None:
        parameters = self._parameters()
        connection = pika.BlockingConnection(parameters)
        try:
            consumer = self._consumer(connection, parameters.virtual_host)
            consumer.start()
            self._reconnect.reset()
            consumer.run(self._stop)
        finally:
            # Closing requeues all messages that are not acknowledged.
            if connection.is_open:
                connection.close()

    def _parameters(self) -> pika.URLParameters:
        mapping = self.report.mapping
        name = f"tidings-bridge[{os.getpid()}] {mapping.queue} -> {mapping.function}"
        parameters = connection_parameters(self._settings.amqp_url, name)
        if mapping.virtual_host is not None:
            parameters.virtual_host = mapping.virtual_host
        return parameters

    def _consumer(self, connection: pika.BlockingConnection, virtual_host: str) -> Consumer:
        mapping, report = self.report.mapping, self.report
        concurrency = self._settings.bridge_concurrency
        # This limits the memory: the broker delivers no more than this unacknowledged. The batches
        # that are being handled are unacknowledged, and the next one gathers meanwhile.
        most = mapping.batch_size * (concurrency + 1)
        prefetch = min(most, self._settings.bridge_max_prefetch)
        channel = connection.channel()
        channel.basic_qos(prefetch_count=prefetch)
        envelope = Envelope(mapping.event_source_arn, mapping.queue, virtual_host)
        batch_size = min(mapping.batch_size, prefetch)
        pending = Pending(batch_size, mapping.window_seconds, envelope.room_bytes)
        invocations = Invocations(connection, envelope, report, self._invoker, self._pool)
        return Consumer(connection, channel, pending, invocations, self._retry, report, concurrency)

    def _wait_after(self, state: State, what: str) -> None:
        self.report.enters(state)
        self.report.fails(what)
        seconds = self._reconnect.next()
        fields = {"state": state.value, "error": what, "retry_in_seconds": round(seconds, 2)}
        missing = state is State.QUEUE_MISSING
        message = "queue is missing" if missing else "broker connection is lost"
        logger.warning(message, extra=self.report.fields() | fields)
        self._stop.wait(seconds)


def _told(error: Exception) -> str:
    """Return the text of a pika error, which often is in the error that it wraps."""
    return str(error) or repr(error)
