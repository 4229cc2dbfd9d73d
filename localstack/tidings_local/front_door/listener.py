"""Accept connections, and distinguish TLS from HTTP by the first byte."""

import asyncio
import contextlib
import logging
import socket
import ssl
from typing import Protocol

from tidings_local.front_door.limits import Limits

TLS_HANDSHAKE = b"\x16"
"""The first byte of every TLS connection (RFC 8446, 5.1). No HTTP method begins with it."""
AT_ONCE = 64
PAUSE_SECONDS = 0.1
"""The wait when the process has no free file descriptor."""

logger = logging.getLogger(__name__)


class MakesConnections(Protocol):
    def __call__(self, *, secure: bool) -> asyncio.Protocol: ...


class Listener:
    def __init__(
        self,
        connection: MakesConnections,
        listening: socket.socket,
        tls: ssl.SSLContext | None,
        limits: Limits,
    ) -> None:
        self._connection = connection
        self._listening = listening
        self._tls = tls
        self._limits = limits
        self._greetings: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        listening.setblocking(False)
        self._loop.add_reader(listening.fileno(), self._accept)

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    def close(self) -> None:
        self._loop.remove_reader(self._listening.fileno())
        self._listening.close()
        for greeting in self._greetings:
            greeting.cancel()

    def _accept(self) -> None:
        for _ in range(AT_ONCE):
            try:
                accepted, _address = self._listening.accept()
            except BlockingIOError:
                return
            except OSError:
                logger.exception("front door cannot accept connections")
                self._pause()
                return
            accepted.setblocking(False)
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            greeting = self._loop.create_task(self._greet(accepted))
            self._greetings.add(greeting)
            greeting.add_done_callback(self._greetings.discard)

    def _pause(self) -> None:
        self._loop.remove_reader(self._listening.fileno())
        self._loop.call_later(PAUSE_SECONDS, self._resume)

    def _resume(self) -> None:
        if self._listening.fileno() >= 0:
            self._loop.add_reader(self._listening.fileno(), self._accept)

    async def _greet(self, accepted: socket.socket) -> None:
        """Give the connection to its protocol, after the handshake if it uses TLS."""
        try:
            first = TLS_HANDSHAKE if self._tls is None else await self._first_byte(accepted)
            secure = self._tls is not None and first == TLS_HANDSHAKE
            if not first:
                accepted.close()
                return
            await self._loop.connect_accepted_socket(
                lambda: self._connection(secure=secure),
                accepted,
                ssl=self._tls if secure else None,
                ssl_handshake_timeout=self._limits.head_seconds if secure else None,
                ssl_shutdown_timeout=self._limits.write_seconds if secure else None,
            )
        except OSError as error:  # includes ssl.SSLError and TimeoutError
            logger.debug("connection ended before its first request", extra={"error": str(error)})
            accepted.close()
        except asyncio.CancelledError:
            accepted.close()
            raise

    async def _first_byte(self, accepted: socket.socket) -> bytes:
        """Return the first byte without consuming it, or nothing if the client left."""
        with contextlib.suppress(BlockingIOError):
            return accepted.recv(1, socket.MSG_PEEK)
        readable = self._loop.create_future()
        self._loop.add_reader(accepted.fileno(), _settle, readable)
        try:
            async with asyncio.timeout(self._limits.idle_seconds):
                await readable
        finally:
            self._loop.remove_reader(accepted.fileno())
        return accepted.recv(1, socket.MSG_PEEK)


def _settle(readable: "asyncio.Future[None]") -> None:
    if not readable.done():
        readable.set_result(None)
