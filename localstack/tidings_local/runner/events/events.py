"""Accept events and make their calls, each at least once, also after a kill -9."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from tidings_local.runner.events.attempts import Attempts
from tidings_local.runner.events.event import Event
from tidings_local.runner.events.journal import Entry, Journal

logger = logging.getLogger(__name__)

OF_EACH_FUNCTION: Final = 10
"""The number of events of one function that run at once."""
LONGEST_SLEEP_SECONDS: Final = 60.0
FAULT_SECONDS: Final = 5.0
DRAIN_SECONDS: Final = 3.0

T = TypeVar("T")


class Events:
    """Runs on one event loop; the journal has its own thread."""

    def __init__(
        self, file: Path, attempts: Attempts, clock: Callable[[], float] = time.time
    ) -> None:
        self._attempts = attempts
        self._clock = clock
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="events")
        self._journal = Journal(file)
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()

    async def accept(self, event: Event) -> None:
        """Store an event. It is on the disk when this returns, and its call is made soon.

        Raises:
            sqlite3.Error: it was not stored, for example because the disk is full.
        """
        await self._on_disk(lambda: self._journal.add(event, event.accepted))
        self._wake.set()

    async def run(self) -> None:
        """Make calls until cancelled; running ones may end then."""
        try:
            while True:
                self._wake.clear()
                await self._round()
        finally:
            running = self._under_way.values()
            if running:
                await asyncio.wait(running, timeout=DRAIN_SECONDS)
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            await self._on_disk(self._journal.close)
            self._disk.shutdown()

    async def _round(self) -> None:
        """Start due events, then wait for the next one; one time is used for both steps."""
        now = self._clock()
        try:
            for entry in await self._on_disk(lambda: self._journal.due(now, OF_EACH_FUNCTION)):
                if entry.id not in self._under_way:
                    self._under_way[entry.id] = asyncio.create_task(self._attempt(entry))
            due = await self._on_disk(lambda: self._journal.next_due(now))
        except Exception:
            logger.exception("the journal of events cannot be read: no event is called")
            await asyncio.sleep(FAULT_SECONDS)
            return
        seconds = LONGEST_SLEEP_SECONDS if due is None else due - self._clock()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(seconds, LONGEST_SLEEP_SECONDS)):
                await self._wake.wait()

    async def _attempt(self, entry: Entry) -> None:
        number = entry.id
        try:
            later = await self._attempts.make(entry.event)
            if later is None:
                await self._on_disk(lambda: self._journal.remove(number))
            else:
                await self._on_disk(lambda: self._journal.change(number, later.event, later.due))
        except Exception:
            logger.exception("an event was not finished: it is tried again")
            await asyncio.sleep(FAULT_SECONDS)
        finally:
            del self._under_way[number]
            self._wake.set()

    async def _on_disk(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._disk, work)
