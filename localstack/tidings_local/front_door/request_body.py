"""A request's body, between a connection and its reader."""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

from tidings_local.front_door.http import BodyTooLargeError, Headers

FULL_BYTES = 256 * 1024
"""A connection stops reading while this much waits for the body's reader."""


class BodySource(Protocol):
    def body_wanted(self) -> None:
        """Send more bytes: the reader waits, or has made room."""


class RequestBody:
    """Filled by a connection, read once by the code that answers the request."""

    __slots__ = (
        "_arrived",
        "_discards",
        "_failure",
        "_pieces",
        "_received",
        "_source",
        "_waiter",
        "declared_bytes",
        "discarded_bytes",
        "ended",
        "trailers",
    )

    def __init__(self, source: BodySource, declared_bytes: int | None = None) -> None:
        self.declared_bytes = declared_bytes
        self.ended = False
        self.trailers: Headers = []
        self.discarded_bytes = 0
        self._source = source
        self._pieces: list[bytes] = []
        self._arrived = 0
        self._received = False
        self._discards = False
        self._failure: str | None = None
        self._waiter: asyncio.Future[None] | None = None

    # ------------------------------------------------------------- the connection's side

    @property
    def full(self) -> bool:
        return self._arrived >= FULL_BYTES

    @property
    def empty(self) -> bool:
        """Whether the client sent no byte of the body."""
        return self.ended and not self._received

    @property
    def awaited(self) -> bool:
        """Whether the reader waits for bytes of the client."""
        return self._waiter is not None

    @property
    def failed(self) -> bool:
        return self._failure is not None

    def feed(self, piece: bytes) -> None:
        self._received = True
        if self._discards:
            self.discarded_bytes += len(piece)
            return
        self._pieces.append(piece)
        self._arrived += len(piece)
        self._wake()

    def end(self) -> None:
        self.ended = True
        self._wake()

    def fail(self, why: str) -> None:
        """End the body with an error. A body that has ended is complete already."""
        if not self.ended:
            self._failure = why
            self._wake()

    def discard(self) -> None:
        """Discard the unread bytes, and those that still arrive."""
        self._discards = True
        self._take()

    # ----------------------------------------------------------------- the reader's side

    async def read(self, limit_bytes: int) -> bytes:
        if self.declared_bytes is not None and self.declared_bytes > limit_bytes:
            raise BodyTooLargeError
        pieces: list[bytes] = []
        size = 0
        async for piece in self.chunks():
            pieces.append(piece)
            size += len(piece)
            if size > limit_bytes:
                raise BodyTooLargeError
        return b"".join(pieces)

    async def chunks(self) -> AsyncIterator[bytes]:
        while True:
            if self._failure is not None:
                raise ConnectionError(self._failure)
            if self._pieces:
                yield self._take()
            elif self.ended:
                return
            else:
                await self._more()

    def take_all(self) -> bytes:
        """Return the bytes that have arrived, for a reader that knows that the body has ended."""
        return self._take() if self._pieces else b""

    async def wait_for_end(self) -> None:
        """Wait until the client has sent the whole body, or has failed."""
        while not self.ended and self._failure is None:
            await self._more()

    def _take(self) -> bytes:
        taken = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._arrived = 0
        return taken

    async def _more(self) -> None:
        waiter = self._waiter = asyncio.get_running_loop().create_future()
        try:
            self._source.body_wanted()
            await waiter
        finally:
            if self._waiter is waiter:  # a cancelled reader ends after the next one has begun
                self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
