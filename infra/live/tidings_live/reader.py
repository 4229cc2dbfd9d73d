"""Read what changed, at signals and at intervals, and give it to the streams."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from functools import partial
from typing import Final

from pymongo.errors import PyMongoError

from tidings.delivery.inbox_signals import Changed
from tidings.notifications import live
from tidings.platform.logging import logger
from tidings.platform.secrets import SecretsManagerError
from tidings.platform.storage import database
from tidings.platform.timing.clock import now
from tidings_live.alarm import Alarm
from tidings_live.hub import Hub
from tidings_live.workers import Workers

# The persons or entries of one query.
CHUNK: Final = 100
RETRY_SECONDS: Final = 1.0
# What MongoDB may raise while it does not answer.
AWAY: Final = (PyMongoError, SecretsManagerError)


class Reader:
    """Reads signalled entries at once, and all persons' recent entries at intervals.

    One task does both in turn, so a stream gets everything in order. While MongoDB does not answer,
    the signalled entries wait.

    Args:
        interval: returns the seconds between two complete reads.
    """

    def __init__(self, hub: Hub, workers: Workers, interval: Callable[[], float]) -> None:
        self._hub = hub
        self._workers = workers
        # The persons of the entries to read.
        self._signalled: dict[str, str] = {}
        self._alarm = Alarm(interval)
        self.read_all_at: datetime | None = None
        """When everything was last read."""

    def signal(self, changes: Iterable[Changed]) -> None:
        """Read these entries soon, if their persons have a stream."""
        for change in changes:
            if self._hub.wants(change):
                self._signalled[change.entry_id] = change.user_id
                self._alarm.ring()

    def read_all_soon(self) -> None:
        """Read the recent entries of all persons soon: signals may have been lost."""
        self._alarm.ring_for_all()

    async def run(self) -> None:
        """Read until this is cancelled."""
        while True:
            await self._alarm.wait()
            try:
                await self._read_signalled()
                if self._alarm.is_all_due:
                    await self._read_all()
            except AWAY as error:
                self._note(error)
                self._alarm.ring()
                await asyncio.sleep(RETRY_SECONDS)

    async def _read_signalled(self) -> None:
        """Read the entries that wait now; those signalled meanwhile come next."""
        for _ in range(0, len(self._signalled), CHUNK):
            asked = dict(list(self._signalled.items())[:CHUNK])
            for entry_id in asked:
                # Before the read: a signal that comes during it is of a later change.
                del self._signalled[entry_id]
            try:
                found = await self._workers.run(partial(live.entries, list(asked)))
            except AWAY:
                self._signalled = asked | self._signalled
                raise
            self._hub.give(found, asked)

    async def _read_all(self) -> None:
        """Look for entries whose signal was lost, and advance the positions of the streams."""
        started = time.monotonic()
        people = self._hub.people()
        with self._alarm.doing_all():
            try:
                await self._workers.run(database.connect)  # with the present password
                for first in range(0, len(people), CHUNK):
                    await self._read_recent(people[first : first + CHUNK])
                    await self._read_signalled()
            except AWAY:
                self._alarm.ring_for_all()
                raise
        self.read_all_at = now()
        seconds = round(time.monotonic() - started, 3)
        logger.debug("inboxes read", people=len(people), seconds=seconds)

    async def _read_recent(self, people: Collection[str]) -> None:
        since, read_at = self._hub.oldest_since(people), now()
        if since is None:
            return
        found = await self._workers.run(partial(live.recent_ids, people, since))
        lacking = self._hub.lacking(found)
        if lacking:
            logger.info("inbox entries found without a signal", entries=len(lacking))
        for first in range(0, len(lacking), CHUNK):
            self._hub.give_new(
                await self._workers.run(partial(live.entries, lacking[first : first + CHUNK]))
            )
        self._hub.read_completely(people, read_at)

    def _note(self, error: Exception) -> None:
        if isinstance(error, PyMongoError):
            database.note_failure(error)
        logger.warning("inboxes not read, again soon", reason=type(error).__name__)
