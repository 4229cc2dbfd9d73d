"""The Lambda Runtime API (2018-06-01) of one environment, on its own loopback port."""

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass

from tidings_local.lambda_host.function import Invocation
from tidings_local.lambda_host.runtime_connection import RuntimeConnection
from tidings_local.lambda_host.signals import Answered, InitFailed, Ready, Signals

_HANG_UP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Offer:
    invocation: Invocation
    function_arn: str
    deadline_ms: int

    def headers(self) -> dict[str, str | None]:
        invocation = self.invocation
        return {
            "Content-Type": invocation.content_type,
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(self.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.invoked_arn or self.function_arn,
            "Lambda-Runtime-Trace-Id": invocation.trace_id,
            "Lambda-Runtime-Client-Context": invocation.client_context,
        }


class RuntimeApi:
    def __init__(self, signals: Signals) -> None:
        self._signals = signals
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._server: asyncio.Server | None = None
        self._connections: set[RuntimeConnection] = set()
        self._waiting: list[RuntimeConnection] = []
        self._offer: Offer | None = None
        self._awaited_request = ""
        self._ready = False
        self._closed = False
        self._unconnected = asyncio.Event()
        self.delivered = False

    @property
    def address(self) -> str:
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: RuntimeConnection(self), sock=self._socket)

    def offer(self, offer: Offer) -> None:
        """Give an event to the runtime, or keep it until the runtime requests one."""
        self.delivered = False
        self._awaited_request = offer.invocation.request_id
        if self._waiting:
            self._deliver(self._waiting.pop(0), offer)
        else:
            self._offer = offer

    async def event_was_read(self) -> bool:
        """Return False if an ended process never read the event, so that another may get it.

        The kernel resets a connection, instead of closing it, if its owner left data unread.
        """
        if self._connections:
            self._unconnected.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._unconnected.wait(), _HANG_UP_SECONDS)
        return self.delivered

    def close(self) -> None:
        self._closed = True
        if self._server is not None:
            self._server.close()
        self._socket.close()
        for connection in list(self._connections):
            connection.hang_up()

    # The following methods are for connections.

    def connected(self, connection: RuntimeConnection) -> None:
        if self._closed:
            connection.hang_up()
        else:
            self._connections.add(connection)

    def disconnected(self, connection: RuntimeConnection, *, unread: bool) -> None:
        """Note a lost connection; `unread`: the sent event did not reach the runtime."""
        self._connections.discard(connection)
        if connection in self._waiting:
            self._waiting.remove(connection)
        if unread:
            self.delivered = False
        if not self._connections:
            self._unconnected.set()

    def next_event(self, connection: RuntimeConnection) -> None:
        if not self._ready:
            self._ready = True
            self._signals.put(Ready())
        offer, self._offer = self._offer, None
        if offer is None:
            self._waiting.append(connection)
        else:
            self._deliver(connection, offer)

    def init_failed(self, failure: InitFailed) -> None:
        self._signals.put(failure)

    def awaits(self, request_id: str) -> bool:
        """Return False for a request that is unknown or was answered already."""
        return request_id == self._awaited_request

    def answered(self, answer: Answered) -> None:
        self._awaited_request = ""
        self._signals.put(answer)

    def _deliver(self, connection: RuntimeConnection, offer: Offer) -> None:
        self.delivered = True
        connection.deliver(offer.headers(), offer.invocation.payload)
