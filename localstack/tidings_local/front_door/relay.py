"""Forward one request to LocalStack, and its answer to the client."""

import asyncio

import httptools

from tidings_local.front_door import wire
from tidings_local.front_door.exchange import Exchange
from tidings_local.front_door.http import Headers
from tidings_local.front_door.protocol import ClientConnection
from tidings_local.front_door.upstream import UpstreamConnection


class UpstreamLostError(Exception):
    """LocalStack closed the connection before its answer was complete, or sent invalid HTTP."""


class Relay:
    """Forwards the data of each side as the parser reads it.

    The bytes are written from the parsed values, so that both sides read the same message.
    """

    def __init__(
        self, exchange: Exchange, client: ClientConnection, upstream: UpstreamConnection
    ) -> None:
        self._exchange = exchange
        self._client = client
        self._upstream = upstream
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._parser = httptools.HttpResponseParser(self)
        self._out: list[bytes] = []
        self._status = b""
        self._headers: Headers = []
        self._trailers: Headers = []
        self._in_body = False
        self._chunked = False
        self._ends_with_connection = False
        self._request_sent = False
        self._reusable = False
        self._complete = False
        self.next_protocol: bytes | None = None
        """LocalStack's bytes after it agreed to another protocol."""

    @property
    def reusable(self) -> bool:
        """Whether the connection to LocalStack can be used for the next request.

        It cannot if the client left in the middle of the answer: the rest would follow.
        """
        return self._complete and self._reusable and self._request_sent and self._upstream.open

    async def run(self) -> None:
        """Return when the client has the complete answer.

        Raises:
            UpstreamLostError: LocalStack's answer is missing or incomplete.
            ConnectionError: the client left, or its body is broken.
        """
        self._upstream.reader = self
        self._client.relay = self
        sending = self._send()
        try:
            await self._done
        finally:
            if sending is not None:
                sending.cancel()
            self._upstream.reader = None
            self._client.relay = None

    # ---------------------------------------------------------------------- to LocalStack

    def _send(self) -> asyncio.Task[None] | None:
        """Send the request. The returned task sends a body that has not arrived yet."""
        exchange = self._exchange
        head = wire.request_head(exchange.request)
        if not exchange.body.ended:
            self._upstream.write(head)
            return asyncio.get_running_loop().create_task(self._send_body())
        self._upstream.write(head + self._framed(exchange.body.take_all()) + self._end_of_body())
        self._request_sent = True
        return None

    async def _send_body(self) -> None:
        try:
            async for piece in self._exchange.body.chunks():
                self._upstream.write(self._framed(piece))
                await self._upstream.drain()
            self._upstream.write(self._end_of_body())
            self._request_sent = True
        except ConnectionError as error:
            self._fail(error)

    def _framed(self, piece: bytes) -> bytes:
        return wire.chunk(piece) if self._exchange.chunked and piece else piece

    def _end_of_body(self) -> bytes:
        return wire.last_chunk(self._exchange.body.trailers) if self._exchange.chunked else b""

    # ---------------------------------------------------------------------- to the client

    def received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._flush()
            self._upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self._fail(UpstreamLostError(f"its answer is not valid HTTP: {error}"))
        self._flush()

    def _flush(self) -> None:
        if self._out:
            self._client.write(b"".join(self._out))
            self._out.clear()

    def on_message_begin(self) -> None:
        self._status = b""
        self._headers = []

    def on_status(self, part: bytes) -> None:
        self._status += part

    def on_header(self, name: bytes, value: bytes) -> None:
        (self._trailers if self._in_body else self._headers).append((name, value))

    def on_headers_complete(self) -> None:
        code = self._parser.get_status_code()
        first_line = b"HTTP/%b %d %b" % (
            self._parser.get_http_version().encode(),
            code,
            self._status,
        )
        if self._done.done():  # an answer without a request
            self._reusable = False
            return
        if code == 101 and not self._exchange.upgrades:
            return  # the parser stops right after it
        codings = wire.codings(self._headers)
        if codings not in ([], [b"chunked"]):  # llhttp checks only the end of the value
            self._fail(UpstreamLostError("its Transfer-Encoding is not chunked"))
            return
        self._out.append(wire.head(first_line, self._headers))
        if code == 100:
            self._exchange.awaits_continue = False
        if 100 <= code < 200:
            return
        self._exchange.begun = self._in_body = True
        self._chunked = bool(codings) and code not in wire.BODYLESS
        self._reusable = self._parser.should_keep_alive()
        if self._exchange.request.method == "HEAD":
            self._finish()
        elif not self._chunked:
            self._ends_with_connection = not any(
                name.lower() == b"content-length" for name, _ in self._headers
            )

    def on_body(self, piece: bytes) -> None:
        if self._done.done():
            self._reusable = False
        else:
            self._out.append(wire.chunk(piece) if self._chunked else piece)

    def on_message_complete(self) -> None:
        if self._in_body and not self._done.done():
            if self._chunked:
                self._out.append(wire.last_chunk(self._trailers))
            self._finish()

    def _upgrade(self, rest: bytes) -> None:
        if not self._exchange.upgrades:
            self._fail(UpstreamLostError("it changed the protocol without a request"))
            return
        self._exchange.begun = True
        self._upstream.pause_reading()
        self.next_protocol = rest
        self._finish()

    def _finish(self) -> None:
        if not self._reusable:
            self._exchange.keep_alive = False
        if not self._done.done():
            self._complete = True
            self._done.set_result(None)

    def _fail(self, error: Exception) -> None:
        if not self._done.done():
            self._done.set_exception(error)

    # --------------------------------------------------------------- the connections call

    def upstream_ended(self, *, cleanly: bool) -> None:
        if cleanly and self._ends_with_connection:
            self._finish()
        self._fail(UpstreamLostError("it closed the connection"))

    def client_gone(self) -> None:
        self._fail(ConnectionError("the client left"))

    def client_is_slow(self) -> None:
        self._upstream.pause_reading()

    def client_is_ready(self) -> None:
        self._upstream.resume_reading()
