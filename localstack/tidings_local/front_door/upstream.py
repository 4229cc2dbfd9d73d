"""Connections to LocalStack, kept for the next request."""

import asyncio
import ssl
from dataclasses import dataclass
from typing import Protocol, cast

CONNECT_SECONDS = 5.0
KEEP_SECONDS = 15.0
"""Shorter than the 60 s after which LocalStack closes an idle connection, so that it does not close
one that we just took."""
KEPT = 32


class Reader(Protocol):
    """The user of a connection."""

    def received(self, data: bytes) -> None: ...

    def upstream_ended(self, *, cleanly: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class UpstreamConnection(asyncio.Protocol):
    transport: asyncio.Transport

    def __init__(self) -> None:
        self.reader: Reader | None = None
        self.used = False
        self.idle_since = 0.0
        self._lost = False
        self._reading_paused = False
        self._writable: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self.reader is None:  # no request is running
            self.transport.abort()
        else:
            self.reader.received(data)

    def eof_received(self) -> None:
        self._end(cleanly=True)

    def connection_lost(self, error: Exception | None) -> None:
        self._end(cleanly=error is None)

    def _end(self, *, cleanly: bool) -> None:
        self._lost = True
        self._wake()
        if self.reader is not None:
            self.reader.upstream_ended(cleanly=cleanly)

    def pause_writing(self) -> None:
        self._writable = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        self._wake()

    def _wake(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    async def drain(self) -> None:
        """Wait until LocalStack has accepted the written bytes."""
        if self._writable is not None:
            await self._writable

    def write(self, data: bytes) -> None:
        if not self._lost:
            self.transport.write(data)

    @property
    def open(self) -> bool:
        return not self._lost and not self.transport.is_closing()

    def pause_reading(self) -> None:
        if self.open and not self._reading_paused:
            self._reading_paused = True
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        if self.open and self._reading_paused:
            self._reading_paused = False
            self.transport.resume_reading()


class Upstream:
    """LocalStack's address and the connections to it.

    LocalStack accepts HTTP and HTTPS on one port, and writes the scheme of a request into URLs.
    Therefore a request is forwarded in the scheme in which it arrived. A server that accepts only
    HTTP is `plain`.
    """

    def __init__(self, address: Address, *, plain: bool = False) -> None:
        self.address = address
        self._plain = plain
        self._kept: dict[bool, list[UpstreamConnection]] = {False: [], True: []}
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # On the loopback, LocalStack may use a certificate that it made itself.
        self._tls.check_hostname = False
        self._tls.verify_mode = ssl.CERT_NONE

    async def take(self, *, secure: bool) -> UpstreamConnection:
        """Return a kept connection, or else a new one.

        Raises:
            OSError: LocalStack accepts no connection.
        """
        kept = self._kept[secure]
        newest = asyncio.get_running_loop().time() - KEEP_SECONDS
        while kept:
            connection = kept.pop()
            if connection.open and connection.idle_since > newest:
                connection.used = True
                return connection
            connection.transport.abort()
        return await self.connect(secure=secure)

    async def connect(self, *, secure: bool) -> UpstreamConnection:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_SECONDS):
            _, connection = await loop.create_connection(
                UpstreamConnection,
                self.address.host,
                self.address.port,
                ssl=self._tls if secure and not self._plain else None,
            )
        return connection

    def keep(self, connection: UpstreamConnection, *, secure: bool) -> None:
        kept = self._kept[secure]
        if len(kept) >= KEPT:
            kept.pop(0).transport.abort()
        connection.resume_reading()  # its last client may have been slow
        connection.idle_since = asyncio.get_running_loop().time()
        kept.append(connection)

    def close(self) -> None:
        for kept in self._kept.values():
            for connection in kept:
                connection.transport.abort()
            kept.clear()
