"""Close the streams of sessions that have ended."""

import asyncio
from functools import partial
from typing import Final

from redis.exceptions import RedisError

from tidings.platform.logging import logger
from tidings.platform.secrets import SecretsManagerError
from tidings.platform.security import ended_sessions
from tidings.platform.security.auth import Principal
from tidings_live.alarm import Alarm
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
        self._alarm = Alarm(lambda: CHECK_SECONDS)

    def signal(self, name: str) -> None:
        """Check the session or the account that a signal names."""
        if self._hub.callers(name):
            self._named.add(name)
            self._alarm.ring()

    def check_all_soon(self) -> None:
        """Check all sessions: signals may have been lost."""
        self._alarm.ring_for_all()

    async def run(self) -> None:
        """Check until this is cancelled."""
        while True:
            await self._alarm.wait()
            try:
                if self._alarm.is_all_due:
                    await self._check_all()
                else:
                    await self._check_named()
            except (RedisError, SecretsManagerError) as error:
                logger.warning("sessions not checked, again soon", reason=type(error).__name__)
                self.check_all_soon()
                await asyncio.sleep(RETRY_SECONDS)

    async def _check_all(self) -> None:
        self._named = set()
        with self._alarm.doing_all():
            await self._check(self._hub.callers())

    async def _check_named(self) -> None:
        named, self._named = self._named, set()
        await self._check([each for name in named for each in self._hub.callers(name)])

    async def _check(self, callers: list[Principal]) -> None:
        for first in range(0, len(callers), CHUNK):
            chunk = callers[first : first + CHUNK]
            ended = await self._workers.run(partial(ended_sessions.ended_of, chunk))
            self._hub.end_sessions(ended)
