"""The events of a runtime process, as values in order, for the waiting call."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ready:
    """The runtime requested its first event: it is initialised."""


@dataclass(frozen=True, slots=True)
class InitFailed:
    error_type: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    request_id: str
    payload: bytes
    is_error: bool = False
    too_large: bool = False


@dataclass(frozen=True, slots=True)
class Exited:
    code: int


Signal = Ready | InitFailed | Answered | Exited


class Signals:
    """A queue with one reader, which waits until a deadline."""

    def __init__(self) -> None:
        self._arrived: deque[Signal] = deque()
        self._reader: asyncio.Future[Signal | None] | None = None

    def put(self, signal: Signal) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(signal)
        else:
            self._arrived.append(signal)

    async def get(self, deadline: float) -> Signal | None:
        """Return the next signal, or None at the deadline (a time of `time.monotonic`)."""
        if self._arrived:
            return self._arrived.popleft()
        loop = asyncio.get_running_loop()
        reader: asyncio.Future[Signal | None] = loop.create_future()
        self._reader = reader
        timer = loop.call_later(max(0.0, deadline - time.monotonic()), _expire, reader)
        try:
            return await reader
        finally:
            timer.cancel()


def _expire(reader: asyncio.Future[Signal | None]) -> None:
    if not reader.done():
        reader.set_result(None)
