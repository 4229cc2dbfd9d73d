"""Listen to a channel of Redis, and connect again when the connection is lost."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from tidings.platform.logging import logger
from tidings.platform.secrets import SecretsManagerError, Url
from tidings_live.workers import Workers

TIMEOUT_SECONDS: Final = 2.0
# Redis is asked after this time without a message whether it is still there.
SILENCE_SECONDS: Final = 5.0
FIRST_RETRY_SECONDS: Final = 0.25
LONGEST_RETRY_SECONDS: Final = 5.0
AWAY: Final = (RedisError, OSError, TimeoutError, SecretsManagerError)


class Subscription:
    """A channel, with what to do with its messages, after each connection and after its loss.

    What is published while there is no connection is lost, so `connected` has to look for it.
    """

    def __init__(
        self,
        name: str,
        url: Url,
        workers: Workers,
        *,
        received: Callable[[str], None],
        connected: Callable[[], None],
        lost: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self.is_connected = False
        self._url = url
        self._workers = workers
        self._received = received
        self._connected = connected
        self._lost = lost

    async def run(self, channel: Callable[[], str]) -> None:
        """Listen until this is cancelled."""
        wait, refused = FIRST_RETRY_SECONDS, False
        while True:
            try:
                await self._listen(
                    await self._workers.run(partial(self._url, refused=refused)), channel()
                )
            except AWAY as error:
                was_connected, self.is_connected, refused = self.is_connected, False, True
                wait = (
                    FIRST_RETRY_SECONDS if was_connected else min(2 * wait, LONGEST_RETRY_SECONDS)
                )
                logger.warning(
                    "signals not received: Redis did not answer",
                    channel=self.name,
                    reason=type(error).__name__,
                )
                if was_connected and self._lost:
                    self._lost()
            await asyncio.sleep(wait)

    async def _listen(self, url: str, channel: str) -> None:
        client = Redis.from_url(
            url,
            decode_responses=True,
            socket_connect_timeout=TIMEOUT_SECONDS,
            socket_timeout=TIMEOUT_SECONDS,
        )
        async with client, client.pubsub() as pubsub:
            await pubsub.subscribe(channel)
            while True:
                message = await self._next(pubsub)
                if message["type"] == "subscribe":
                    self.is_connected = True
                    logger.info("signals are received", channel=self.name)
                    self._connected()
                elif message["type"] == "message":
                    self._received(message["data"])

    async def _next(self, pubsub: PubSub) -> dict[str, Any]:
        """Return the next message.

        Raises:
            TimeoutError: Redis does not answer.
        """
        if message := await pubsub.get_message(timeout=SILENCE_SECONDS):
            return dict(message)
        await pubsub.ping()
        if message := await pubsub.get_message(timeout=TIMEOUT_SECONDS):
            return dict(message)
        raise TimeoutError
