"""The Lambda Runtime API (2018-06-01) of one environment, on a loopback port of its own."""

import logging
import socket
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Condition, Event, Thread

from tidings_local.lambda_host.function import Invocation
from tidings_local.lambda_host.runtime_requests import RuntimeRequests
from tidings_local.lambda_host.signals import Answered, Signal, Signals

logger = logging.getLogger(__name__)

_HANG_UP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Offer:
    invocation: Invocation
    function_arn: str
    deadline_ms: int


class RuntimeApi:
    def __init__(self, signals: Signals) -> None:
        self._signals = signals
        self._offers: SimpleQueue[Offer | None] = SimpleQueue()
        self._connections: set[socket.socket] = set()
        self._lock = Condition()
        self._closed = False
        self._awaited_request: str | None = None
        self.delivered = Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        Thread(target=self._accept, name="lambda-runtime-api", daemon=True).start()

    @property
    def address(self) -> str:
        host, port = self._listener.getsockname()
        return f"{host}:{port}"

    def offer(self, offer: Offer) -> None:
        self.delivered.clear()
        with self._lock:
            self._awaited_request = offer.invocation.request_id
        self._offers.put(offer)

    def next_offer(self) -> Offer | None:
        """Blocks until there is an event; None when the environment ends."""
        offer = self._offers.get()
        if offer is None:
            self._offers.put(None)  # for any other connection that waits
        return offer

    def signal(self, signal: Signal) -> None:
        self._signals.put(signal)

    def event_was_read(self) -> bool:
        """For a process that ended: False if it never saw the event, so that another may have it.

        The kernel resets a connection, instead of ending it, when its owner left data unread.
        """
        with self._lock:
            self._lock.wait_for(lambda: not self._connections, _HANG_UP_SECONDS)
        return self.delivered.is_set()

    def accept_answer(self, answer: Answered) -> bool:
        """False for a request nobody waits for (or that was answered already)."""
        with self._lock:
            if answer.request_id != self._awaited_request:
                return False
            self._awaited_request = None
        self._signals.put(answer)
        return True

    def close(self) -> None:
        with self._lock:
            self._closed = True
            connections = list(self._connections)
        self._offers.put(None)
        for each in [self._listener, *connections]:
            _hang_up(each)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed
                return
            serve = Thread(target=self._serve, args=(connection,), daemon=True)
            serve.name = "lambda-runtime-connection"
            serve.start()

    def _serve(self, connection: socket.socket) -> None:
        if not self._admit(connection):
            return
        try:
            RuntimeRequests(connection, self)
        except OSError as error:  # the process went away in the middle of a request
            logger.debug("runtime connection broke", extra={"error": str(error)})
            self.delivered.clear()
        finally:
            with self._lock:
                self._connections.discard(connection)
                self._lock.notify_all()
            connection.close()

    def _admit(self, connection: socket.socket) -> bool:
        with self._lock:
            if not self._closed:
                self._connections.add(connection)
                return True
        connection.close()
        return False


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)  # wakes the thread that reads or accepts
    except OSError:
        logger.debug("connection was closed already")
