"""Redis, connected at first use."""

from functools import cache
from typing import Final

import redis

from tidings.platform.secrets import connections

TIMEOUT_SECONDS: Final = 1.0


@cache
def client() -> "redis.Redis":
    """Return this environment's client."""
    return redis.Redis.from_url(
        connections().redis_url,
        socket_connect_timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        decode_responses=True,
    )
