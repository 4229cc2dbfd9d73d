"""Redis, connected at first use."""

from functools import cache
from typing import Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tidings.platform.secrets import connections
from tidings.platform.settings import settings

TIMEOUT_SECONDS: Final = 1.0


@cache
def client() -> "redis.Redis":
    """Return this environment's client.

    A connection that died while the environment was frozen is replaced once; no call waits
    between two attempts, for a request waits for it.
    """
    return redis.Redis.from_url(
        connections().redis_url,
        socket_connect_timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        decode_responses=True,
        retry=Retry(NoBackoff(), 1),
    )


def key(*parts: str) -> str:
    """Return a key of ours: `tidings:<parts>`."""
    return ":".join((settings().database_prefix, *parts))
