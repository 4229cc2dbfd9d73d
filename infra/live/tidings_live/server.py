"""The parts of the server, and the work that it does beside the connections."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any, Final

from tidings.delivery import inbox_signals
from tidings.notifications.live import FollowedInbox, follow_inbox
from tidings.platform.caching import signals
from tidings.platform.errors import Unauthenticated
from tidings.platform.logging import logger
from tidings.platform.operation import operation_of
from tidings.platform.secrets import cache_url, security_store_url
from tidings.platform.security import ended_sessions
from tidings.platform.security.admission import admit
from tidings.platform.security.auth import Principal, authenticate, expiry_of, signed_in
from tidings.platform.security.limits import attempted
from tidings.platform.storage import database
from tidings.platform.timing.clock import now
from tidings_live.events import event
from tidings_live.hub import Hub
from tidings_live.metrics import Metrics
from tidings_live.reader import Reader
from tidings_live.sessions import Sessions
from tidings_live.settings import LiveSettings
from tidings_live.stream import Stream
from tidings_live.subscription import Subscription
from tidings_live.workers import Workers

Work = Callable[[], Awaitable[None]]
# When a client connects again after the connection was lost.
RETRY_MILLISECONDS: Final = (1_000, 4_000)
FAILED_SECONDS: Final = 1.0
# The reason of a stream whose client left.
LEFT: Final = "left"


class LiveServer:
    """Opens streams, and feeds them."""

    def __init__(self, settings: LiveSettings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.workers = Workers()
        self.hub = Hub(streams=settings.streams, streams_per_person=settings.streams_per_person)
        self._reader = Reader(self.hub, self.workers, self._interval)
        self._sessions = Sessions(self.hub, self.workers)
        self._inboxes = Subscription(
            "inbox",
            cache_url,
            self.workers,
            received=lambda text: self._reader.signal(inbox_signals.changes_in(text)),
            connected=self._reader.read_all_soon,
            # From now on inboxes are read more often, and not only after the present wait.
            lost=self._reader.read_all_soon,
        )
        self._ended = Subscription(
            "ended",
            security_store_url,
            self.workers,
            received=self._sessions.signal,
            connected=self._sessions.check_all_soon,
        )
        self._started_at = now()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Listen and read until the end of the block."""
        inbox = partial(signals.channel_name, inbox_signals.CHANNEL)
        work: tuple[Work, ...] = (
            self._reader.run,
            self._sessions.run,
            partial(self._inboxes.run, inbox),
            partial(self._ended.run, ended_sessions.signals_channel),
        )
        tasks = [asyncio.create_task(_unbroken(each)) for each in work]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.workers.stop()

    async def open(self, authorization: str | None, last_id: str | None) -> Stream:
        """Return a new stream of the caller's inbox. `close` it at the end.

        Raises:
            TidingsError: the caller may not, the position is malformed, or the server is full.
            redis.RedisError: Redis is unavailable.
            pymongo.errors.PyMongoError: MongoDB is unavailable.
        """
        caller, expires_at = await self.workers.run(partial(_admitted, authorization))
        stream = Stream(caller, expires_at, self.metrics.delay.observe)
        self.hub.add(stream)
        try:
            followed = await self.workers.run(partial(_followed, last_id, caller))
        except BaseException:
            self.hub.remove(stream)
            raise
        stream.begin(followed, partial(self._ready, stream))
        self.metrics.opened.inc()
        return stream

    def close(self, stream: Stream) -> None:
        """Forget a stream whose connection ended."""
        self.hub.remove(stream)
        self.metrics.closed.labels(stream.closing.value if stream.closing else LEFT).inc()

    def health(self) -> dict[str, Any]:
        """Return what the server knows of itself."""
        return {
            "status": "ok"
            if self._inboxes.is_connected and self._ended.is_connected
            else "degraded",
            "streams": len(self.hub),
            "signals": {each.name: each.is_connected for each in (self._inboxes, self._ended)},
            "read_age_seconds": self._read_age(),
        }

    def measure(self) -> None:
        """Set the gauges."""
        self.metrics.streams.set(len(self.hub))
        self.metrics.read_age.set(self._read_age())
        for each in (self._inboxes, self._ended):
            self.metrics.connected.labels(each.name).set(each.is_connected)

    def _ready(self, stream: Stream) -> bytes:
        told = {
            "user_id": stream.caller.user_id,
            "expires_at": stream.expires_at.isoformat(),
            "heartbeat_seconds": self.settings.heartbeat_seconds,
        }
        # All clients of a server that ends would come back at the same moment.
        retry = random.randint(*RETRY_MILLISECONDS)  # noqa: S311 (no secret)
        return event("ready", told, last_id=stream.position, retry=retry)

    def _interval(self) -> float:
        if self._inboxes.is_connected:
            return self.settings.catch_up_seconds
        return self.settings.catch_up_seconds_without_signals

    def _read_age(self) -> float:
        read_at = self._reader.read_all_at or self._started_at
        return (now() - read_at).total_seconds()


def _admitted(authorization: str | None) -> tuple[Principal, datetime]:
    """Return the caller and when their token expires."""
    caller = signed_in(authenticate(authorization))
    operation_of(follow_inbox).check(caller)
    return admit(caller), expiry_of(authorization or "")


def _followed(last_id: str | None, caller: Principal) -> FollowedInbox:
    """Read an inbox, after a check whether the session ended since the stream gets signals."""
    with attempted("checking a session once more"):
        if ended_sessions.ended_of([caller]):
            raise Unauthenticated("This session has ended. Sign in again.")
    database.connect()
    return follow_inbox(last_id, caller=caller)


async def _unbroken(work: Work) -> None:
    """Run something for ever, also after an error that it did not expect."""
    while True:
        try:
            await work()
        except Exception:  # noqa: BLE001 (streams without signals are worse than a log line)
            logger.exception("live server failed, and continues")
            await asyncio.sleep(FAILED_SECONDS)
