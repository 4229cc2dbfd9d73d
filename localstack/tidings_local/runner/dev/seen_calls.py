"""The ended calls, for the terminal of `make dev`."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tidings_local.lambda_host import Function, Outcome

KEPT = 500
LOG_LIMIT_CHARACTERS = 100_000


@dataclass(frozen=True, slots=True)
class SeenCall:
    number: int
    ended_at: float
    """In seconds since 1970."""
    function: str
    request_id: str
    logs: str
    """START to REPORT."""
    is_error: bool
    error_type: str | None
    payload: str
    """The answer of a failed call; empty for others."""
    duration_ms: float
    init_ms: float | None


@dataclass(slots=True)
class SeenCalls:
    clock: Callable[[], float] = time.time
    last: int = 0
    """The number of the last call."""
    _kept: deque[SeenCall] = field(default_factory=lambda: deque(maxlen=KEPT))
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, function: Function, outcome: Outcome) -> None:
        """Keep a call, and notify the waiting reader."""
        self.last += 1
        self._kept.append(
            SeenCall(
                number=self.last,
                ended_at=self.clock(),
                function=function.name,
                request_id=outcome.request_id,
                logs=outcome.logs[-LOG_LIMIT_CHARACTERS:],
                is_error=outcome.is_error,
                error_type=outcome.error_type,
                payload=_text(outcome.payload) if outcome.is_error else "",
                duration_ms=outcome.duration_ms,
                init_ms=outcome.init_ms,
            )
        )
        self._news.set()

    async def after(self, number: int, wait_seconds: float) -> list[SeenCall]:
        """Return the calls after this number; wait for one if there is none yet."""
        if self.last <= number:
            self._news.clear()
            try:
                async with asyncio.timeout(wait_seconds):
                    await self._news.wait()
            except TimeoutError:
                return []
        return [each for each in self._kept if each.number > number]


def _text(payload: bytes) -> str:
    return payload.decode(errors="replace")[:LOG_LIMIT_CHARACTERS]
