"""Close the streams of sessions that have ended."""

import asyncio
from functools import partial
from typing import Final

from redis.exceptions import RedisError

from tidings.platform.logging import logger
from tidings.platform.secrets import SecretsManagerError
from tidings.platform.security import ended_sessions
from tidings_live.hub import Hub
from tidings_live.workers import Workers

CHECK_SECONDS: Final = 30.0
RETRY_SECONDS: Final = 2.0
# The callers of one command.
CHUNK: Final = 500


class Sessions:
    """Checks the sessions that signals name at once, and all at intervals.

    While Redis does not answer, streams stay open until their tokens expire, as calls are answered.
    """

    def __init__(self, hub: Hub, workers: Workers) -> None:
        self._hub = hub
        self._workers = workers
        self._named: set[str] = set()
        self._all_due = False
        self._work = asyncio.Event()

    def signal(self, name: str) -> None:
        """Check the session or the account that a signal names."""
        if self._hub.callers(name):
            self._named.add(name)
            self._work.set()

    def check_all_soon(self) -> None:
        """Check all sessions: signals may have been lost."""
        self._all_due = True
        self._work.set()

    async def run(self) -> None:
        """Check until this is cancelled."""
        while True:
            try:
                async with asyncio.timeout(CHECK_SECONDS):
                    await self._work.wait()
            except TimeoutError:
                self._all_due = True
            self._work.clear()
            try:
                await self._check()
            except (RedisError, SecretsManagerError) as error:
                logger.warning("sessions not checked, again soon", reason=type(error).__name__)
                self.check_all_soon()
                await asyncio.sleep(RETRY_SECONDS)

    async def _check(self) -> None:
        is_all, named = self._all_due, self._named
        self._all_due, self._named = False, set()
        if is_all:
            callers = self._hub.callers()
        else:
            callers = [each for name in named for each in self._hub.callers(name)]
        for first in range(0, len(callers), CHUNK):
            chunk = callers[first : first + CHUNK]
            ended = await self._workers.run(partial(ended_sessions.ended_of, chunk))
            self._hub.end_sessions(ended)
