"""Wake a task for single pieces of work at once, and for all of it at intervals."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator


class Alarm:
    """Says when a task has something to do, and when it has to do everything.

    Single pieces of work do not postpone everything, however many there are: the time until
    everything is due begins when everything was done. At the beginning everything is due.

    Args:
        interval: returns the seconds between the end of doing everything and the next time.
    """

    def __init__(self, interval: Callable[[], float]) -> None:
        self._interval = interval
        self._rung = asyncio.Event()
        self._is_asked_for_all = False
        self._all_due_at = time.monotonic()

    def ring(self) -> None:
        """End the wait: there is something to do."""
        self._rung.set()

    def ring_for_all(self) -> None:
        """End the wait: everything is to do."""
        self._is_asked_for_all = True
        self._rung.set()

    @property
    def is_all_due(self) -> bool:
        """Whether everything is to do."""
        return self._is_asked_for_all or time.monotonic() >= self._all_due_at

    async def wait(self) -> None:
        """Wait until there is something to do."""
        seconds = 0.0 if self.is_all_due else self._all_due_at - time.monotonic()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        self._rung.clear()

    @contextlib.contextmanager
    def doing_all(self) -> Iterator[None]:
        """Do everything in this block. What rings meanwhile is done after it."""
        self._is_asked_for_all = False
        try:
            yield
        finally:
            self._all_due_at = time.monotonic() + self._interval()
