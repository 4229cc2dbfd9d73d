"""The front door: HTTP and HTTPS on one port, and a Unix socket for the control API."""

import asyncio
import contextlib
import logging
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from pathlib import Path

from tidings_local.front_door.exchange import Exchange
from tidings_local.front_door.forwarding import Forwarder
from tidings_local.front_door.http import Request, Response
from tidings_local.front_door.limits import Limits
from tidings_local.front_door.listener import Listener
from tidings_local.front_door.live import LiveDoor
from tidings_local.front_door.protocol import ClientConnection
from tidings_local.front_door.upstream import Address, Upstream
from tidings_local.front_door.wire import Refusal

WATCH_SECONDS = 0.5

Answer = Callable[[Request], Awaitable[Response] | None]

logger = logging.getLogger(__name__)


class FrontDoor:
    """Answers requests with `answer`; forwards those for which it returns None to LocalStack.

    Args:
        answer: returns None, at once, for a request to forward.
        upstream: LocalStack's host and port. Without it, such a request is answered 404.
        live: host and port of the server of the live inbox, which gets the requests for it.
    """

    def __init__(
        self,
        answer: Answer,
        upstream: tuple[str, int] | None = None,
        *,
        live: tuple[str, int] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.answer = answer
        self.limits = limits or Limits()
        self.stopping = False
        self._upstream = Upstream(Address(*upstream)) if upstream else None
        self._forwarder = Forwarder(self._upstream) if self._upstream else None
        self._live_upstream = Upstream(Address(*live), plain=True) if live else None
        self._live = None
        if self._live_upstream is not None:
            self._live = LiveDoor(Forwarder(self._live_upstream, "the live server"))
        self.connections: set[ClientConnection] = set()
        self._listeners: list[Listener] = []
        self._servers: list[asyncio.Server] = []
        self._watch: asyncio.TimerHandle | None = None
        self._second = 0
        self._date = b""

    # ------------------------------------------------------------------------- listening

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Accept HTTP, and with `tls` also HTTPS, on this port; return it (0 takes a free one)."""
        listening = socket.create_server((host, port), backlog=1024)
        listener = Listener(self._connection, listening, tls, self.limits)
        self._listeners.append(listener)
        self._start_watch()
        return listener.port

    async def listen_unix(self, path: Path) -> None:
        """Accept HTTP on a socket that only this user can open."""
        path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listening.bind(str(path))
        path.chmod(0o600)  # before it listens, so that no other user can connect
        loop = asyncio.get_running_loop()
        server = await loop.create_unix_server(
            lambda: self._connection(secure=False), sock=listening
        )
        self._servers.append(server)
        self._start_watch()

    def _connection(self, *, secure: bool) -> ClientConnection:
        return ClientConnection(self, secure=secure)

    async def stop(self, grace_seconds: float = 10.0) -> None:
        """Accept no more connections, answer the accepted requests, then close."""
        self.stopping = True
        self._stop_listening()
        if self._live is not None:
            self._live.close()
        for connection in list(self.connections):
            if not connection.unfinished:
                connection.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace_seconds):
                while any(connection.unfinished for connection in self.connections):
                    await asyncio.sleep(0.02)
        for connection in list(self.connections):
            connection.give_up()
        if self._watch is not None:
            self._watch.cancel()
        for upstream in (self._upstream, self._live_upstream):
            if upstream is not None:
                upstream.close()

    def _stop_listening(self) -> None:
        for listener in self._listeners:
            listener.close()
        for server in self._servers:
            server.close()
        self._listeners.clear()
        self._servers.clear()

    # ---------------------------------------------------------------- the connections call

    async def forward(self, exchange: Exchange, client: ClientConnection) -> None:
        if self._live is not None and await self._live.forward(exchange, client):
            return
        if self._forwarder is not None:
            await self._forwarder.forward(exchange, client)
        else:
            nothing = Refusal(status=404, message="There is nothing at this path.", headers=[])
            client.send(nothing.response(), exchange)

    async def forward_http2(self, client: ClientConnection, begun_with: bytes) -> None:
        if self._forwarder is not None:
            await self._forwarder.forward_http2(client, begun_with)
        else:
            client.abort()

    def date(self) -> bytes:
        """Return the value of the Date header, made once a second."""
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._date = formatdate(second, usegmt=True).encode()
        return self._date

    def opened(self, connection: ClientConnection) -> None:
        self.connections.add(connection)

    def closed(self, connection: ClientConnection) -> None:
        self.connections.discard(connection)

    # -------------------------------------------------------------------------- watching

    def _start_watch(self) -> None:
        if self._watch is None:
            self._watch_over_clients()

    def _watch_over_clients(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in list(self.connections):
            connection.watch(now)
        self._watch = loop.call_later(WATCH_SECONDS, self._watch_over_clients)
