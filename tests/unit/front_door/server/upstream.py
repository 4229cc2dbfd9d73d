"""A server behind the front door, which parses HTTP with h11, not with the front door's parser."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import h11

from tests.ports import reserve


@dataclass(slots=True)
class Received:
    method: bytes
    target: bytes
    version: bytes
    headers: list[tuple[bytes, bytes]]
    secure: bool
    body: bytes = b""
    trailers: list[tuple[bytes, bytes]] = field(default_factory=list)


Reply = Callable[[Received, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def says(answer: bytes) -> Reply:
    async def reply(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    return reply


def reader_of(writer: asyncio.StreamWriter) -> asyncio.StreamReader:
    reader = writer.transport.get_protocol()._stream_reader  # type: ignore[attr-defined]
    assert isinstance(reader, asyncio.StreamReader)
    return reader


class UpstreamServer:
    """Records each request, and answers it with `reply`."""

    def __init__(self) -> None:
        self.reply: Reply = says(OK)
        self.whole_bodies = True
        """Whether a reply waits for the whole request."""
        self.before_bodies: asyncio.Event | None = None
        """No byte of a body is read before it is set."""
        self.received: list[Received] = []
        self.errors: list[h11.RemoteProtocolError] = []
        """Errors of h11 about the forwarded requests."""
        self.connections = 0
        self.open: set[asyncio.StreamWriter] = set()
        self._reserved = reserve()
        self.port: int = self._reserved.getsockname()[1]
        """Its own between a stop and the next start, too."""
        self._server: asyncio.Server | None = None

    async def start(self, tls: ssl.SSLContext | None = None) -> None:
        listening = socket.create_server(("127.0.0.1", self.port))
        # Linux would otherwise buffer up to 32 MB for a client that does not read.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 256 * 1024)
        self._server = await asyncio.start_server(self._serve, sock=listening, ssl=tls)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in list(self.open):
            writer.transport.abort()

    def close(self) -> None:
        """Give the port back."""
        self._reserved.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open.add(writer)
        try:
            await self._talk(reader, writer)
        except h11.RemoteProtocolError as error:
            if not reader.at_eof():  # the client left in the middle of a request
                self.errors.append(error)
        except ConnectionError:
            pass
        finally:
            self.open.discard(writer)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parser = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
        while True:
            event = await _next_event(parser, reader)
            if not isinstance(event, h11.Request):
                return
            received = Received(
                event.method,
                event.target,
                event.http_version,
                list(event.headers.raw_items()),
                writer.get_extra_info("sslcontext") is not None,
            )
            self.received.append(received)
            if self.before_bodies is not None:
                await self.before_bodies.wait()
            if self.whole_bodies:
                await _read_body(parser, reader, received)
            await self.reply(received, writer)
            await writer.drain()
            if not self.whole_bodies:
                await _read_body(parser, reader, received)
            parser = _next_cycle(parser)


async def _read_body(
    parser: h11.Connection, reader: asyncio.StreamReader, received: Received
) -> None:
    pieces = []
    while not isinstance(event := await _next_event(parser, reader), h11.EndOfMessage):
        if not isinstance(event, h11.Data):
            raise ConnectionError
        pieces.append(bytes(event.data))
    received.body = b"".join(pieces)
    received.trailers = list(event.headers.raw_items())


async def _next_event(parser: h11.Connection, reader: asyncio.StreamReader) -> object:
    while (event := parser.next_event()) is h11.NEED_DATA:
        parser.receive_data(await reader.read(1 << 16))
    return event


def _next_cycle(parser: h11.Connection) -> h11.Connection:
    """Return a parser for the next request; replies are raw bytes that h11 does not parse."""
    rest, _ = parser.trailing_data
    fresh = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    if rest:
        fresh.receive_data(rest)
    return fresh
