"""One client connection: read requests, and answer them one after another, in order."""

import asyncio
import logging
from collections import deque
from typing import cast

from tidings_local.front_door import wire
from tidings_local.front_door.exchange import Exchange
from tidings_local.front_door.http import BodyTooLargeError, Response
from tidings_local.front_door.request_reader import (
    Client,
    RefusedError,
    RequestReader,
    SpeaksHttp2Error,
)
from tidings_local.front_door.roles import Relay, Service
from tidings_local.front_door.wire import Refusal

SLICE_BYTES = 64 * 1024
"""The most that the parser gets at once, so that its results stay small."""

logger = logging.getLogger(__name__)


class ClientConnection(asyncio.Protocol):
    transport: asyncio.Transport
    _reader: RequestReader

    def __init__(self, service: Service, *, secure: bool) -> None:
        self._service = service
        self._loop = asyncio.get_running_loop()
        self._secure = secure
        self.relay: Relay | None = None
        self._queue: deque[Exchange | Refusal] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._unparsed = b""
        # The state of the connection.
        self._upgrade_offered = False
        self._reading_ends = False
        self._half_closed = False
        self._handed_over = False
        self._gone = False
        self._reading_paused = False
        self._writable: asyncio.Future[None] | None = None
        # The begin of the current wait, for the check for slow clients.
        self._last_data = self._idle_since = self._loop.time()
        self._slow_since: float | None = None

    # ---------------------------------------------------------------- the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        client = Client(peer[0] if isinstance(peer, tuple) else "", self._secure)
        self._reader = RequestReader(client, self._service.limits, self, self._enqueue)
        self._service.opened(self)

    def data_received(self, data: bytes) -> None:
        if self._reading_ends:
            return
        self._last_data = self._loop.time()
        self._unparsed = self._unparsed + data if self._unparsed else data
        self._parse()

    def eof_received(self) -> bool:
        """Finish our own answer for a client that only closed its sending side.

        A client that left looks the same, so a forwarded request ends here: LocalStack should not
        work for a client that left.
        """
        self._reading_ends = True
        body = self._reader.body
        if self._secure or self.relay or not self._queue or (body and not body.ended):
            return False
        self._half_closed = True
        return True

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 (asyncio's call)
        self._gone = True
        if self._reader.body is not None:
            self._reader.body.fail("the client left")
        if self.relay is not None:
            self.relay.client_gone()
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._service.closed(self)

    def pause_writing(self) -> None:
        self._slow_since = self._loop.time()
        self._writable = self._loop.create_future()
        if self.relay is not None:
            self.relay.client_is_slow()

    def resume_writing(self) -> None:
        self._slow_since = None
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None
        if self.relay is not None:
            self.relay.client_is_ready()

    # --------------------------------------------------------------------------- reading

    def _parse(self) -> None:
        while self._unparsed and not self._must_wait():
            piece = self._unparsed[:SLICE_BYTES]
            self._unparsed = self._unparsed[SLICE_BYTES:]
            self._feed(piece)
        self._set_pace()

    def _must_wait(self) -> bool:
        return (
            self._upgrade_offered
            or len(self._queue) >= self._service.limits.waiting_requests
            or (self._reader.body is not None and self._reader.body.full)
        )

    def _set_pace(self) -> None:
        if self._gone or self.transport.is_closing():
            return
        if self._unparsed and not self._reading_paused:
            self._reading_paused = True
            self.transport.pause_reading()
        elif not self._unparsed and self._reading_paused:
            self._reading_paused = False
            self._last_data = self._loop.time()
            self.transport.resume_reading()

    def _feed(self, piece: bytes) -> None:
        try:
            rest = self._reader.feed(piece, self._last_data)
        except RefusedError as refused:
            self._refuse(refused.refusal)
        except SpeaksHttp2Error:
            self._reading_ends = True
            begun_with, self._unparsed = piece + self._unparsed, b""
            forwarding = self._service.forward_http2(self, begun_with)
            self._worker = self._loop.create_task(forwarding)
        else:
            if rest is not None:  # it waits until the answer decides the protocol
                self._upgrade_offered = True
                self._unparsed = rest + self._unparsed

    def refuse(self, status: int, message: str) -> None:
        """Answer the requests read before, then refuse this one, then close."""
        self._refuse(Refusal(status=status, message=message, headers=[]))

    def _refuse(self, refusal: Refusal) -> None:
        self._reading_ends = True
        self._unparsed = b""
        self._reader.head_since = None
        if self._reader.body is not None:
            self._reader.body.fail(refusal.message)
        self._enqueue(refusal)

    def body_wanted(self) -> None:
        exchange = self._queue[0]
        if self.relay is None and isinstance(exchange, Exchange) and exchange.awaits_continue:
            exchange.awaits_continue = False
            if not exchange.begun:
                self.write(wire.CONTINUE)
        self._last_data = self._loop.time()
        if self._unparsed:
            self._parse()

    # ------------------------------------------------------------------------- answering

    def _enqueue(self, entry: Exchange | Refusal) -> None:
        self._queue.append(entry)
        if self._worker is None:
            self._worker = self._loop.create_task(self._work())

    async def _work(self) -> None:
        try:
            while self._queue and not self._gone:
                entry = self._queue[0]
                if isinstance(entry, Refusal):
                    self._say(entry)
                    break
                if not await self._serve(entry):
                    break
                self._queue.popleft()
                if entry.upgrades:
                    self._upgrade_offered = False
                self._parse()
            else:
                self._worker = None
                self._idle_since = self._loop.time()
                if self._half_closed or self._service.stopping:
                    self.close()
                return
        except Exception:
            logger.exception("front door connection ended by an internal error")
            self.abort()
        self._reading_ends = True
        if not self._handed_over:
            self.close()

    async def _serve(self, exchange: Exchange) -> bool:
        """Answer; return whether the connection can accept the next request."""
        try:
            handled = self._service.answer(exchange.request)
            if handled is None:
                await self._service.forward(exchange, self)
            else:
                self.send(await handled, exchange)
        except BodyTooLargeError:
            self._answer_shortly(exchange, 413, "The body is too large.")
        except Exception as error:
            if not exchange.body.failed:
                logger.exception("request could not be answered")
                self._answer_shortly(exchange, 500, "Internal server error")
            elif not isinstance(error, ConnectionError):
                logger.exception("request with a broken body could not be answered")
        return await self._end(exchange)

    async def _end(self, exchange: Exchange) -> bool:
        if self._gone or self._handed_over:
            return False
        if exchange.body.failed:
            return not exchange.begun  # a refusal follows
        if not exchange.body.ended and not await self._rest_is_read(exchange):
            return False
        if self._writable is not None:
            await self._writable
        return exchange.keep_alive and not self._gone

    async def _rest_is_read(self, exchange: Exchange) -> bool:
        """Discard an unread body, so that the client can read the answer."""
        if exchange.awaits_continue:
            return False
        exchange.body.discard()
        try:
            async with asyncio.timeout(self._service.limits.unread_seconds):
                await exchange.body.wait_for_end()
        except TimeoutError:
            return False
        return exchange.body.ended

    def send(self, response: Response, exchange: Exchange) -> None:
        exchange.keep_alive = exchange.keep_alive and not self._service.stopping
        if exchange.awaits_continue and not exchange.body.ended:
            exchange.keep_alive = False
        request = exchange.request
        data = wire.answer(
            response,
            to=request.method,
            version=request.version,
            keep=exchange.keep_alive,
            date=self._service.date(),
        )
        exchange.begun = True
        self.write(data)

    def _answer_shortly(self, exchange: Exchange, status: int, message: str) -> None:
        if exchange.begun:
            self.abort()
            return
        self.send(Refusal(status=status, message=message, headers=[]).response(), exchange)

    def _say(self, refusal: Refusal) -> None:
        date = self._service.date()
        self.write(wire.answer(refusal.response(), to="", version="1.1", keep=False, date=date))

    def write(self, data: bytes) -> None:
        if not self._gone:
            self.transport.write(data)

    # ---------------------------------------------------------------------------- ending

    @property
    def unfinished(self) -> bool:
        """Whether a request waits for its answer, or an answer for its client to read it."""
        if self._handed_over:
            return False
        return bool(self._queue) or self.transport.get_write_buffer_size() > 0

    @property
    def gone(self) -> bool:
        return self._gone

    @property
    def secure(self) -> bool:
        return self._secure

    def tunnel_ended(self) -> None:
        self._gone = True
        self._service.closed(self)

    def close(self) -> None:
        """Close after the written bytes were sent."""
        if not self._gone and not self.transport.is_closing():
            self._slow_since = self._slow_since or self._loop.time()
            self.transport.close()

    def abort(self) -> None:
        if not self._gone:
            self.transport.abort()

    def give_up(self) -> None:
        """Close at once, whatever is in progress."""
        self.abort()
        if self._worker is not None:
            self._worker.cancel()

    def hand_over(self) -> bytes:
        """Stop using HTTP; return the bytes that belong to the next protocol."""
        self._reading_ends = self._handed_over = True
        unparsed, self._unparsed = self._unparsed, b""
        return unparsed

    def watch(self, now: float) -> None:
        """Close the connection if its client is too slow."""
        if self._handed_over:
            return
        limits = self._service.limits
        if self._slow_since is not None:
            if now - self._slow_since > limits.write_seconds:
                self.abort()
        elif self._queue:
            body = self._reader.body
            waits = body is not None and body.awaited and not self._reading_ends
            if waits and now - self._last_data > limits.body_seconds:
                self.refuse(408, f"No byte of the body came for {limits.body_seconds:g} seconds.")
        elif self._reader.head_since is not None:
            if now - self._reader.head_since > limits.head_seconds:
                self.refuse(408, f"The headers took longer than {limits.head_seconds:g} seconds.")
        elif now - self._idle_since > limits.idle_seconds:
            self.close()
