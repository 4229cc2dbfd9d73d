"""The security store: a Redis that never evicts, for data that security depends on.

It holds sessions, ended sessions, counts of failures and calls, and one-time codes. When it is full
it stores nothing more, and a request that needs to store gets a 503. Data that may be lost belongs
in `cache`, which anyone's requests can fill.
"""

from functools import cache
from typing import Final

from redis.client import Redis

from tidings.platform.logging import logger
from tidings.platform.secrets import security_store_url
from tidings.platform.storage import redis_connection
from tidings.platform.storage.redis_connection import Memory, RedisService, key

__all__ = ["SAFE_POLICY", "client", "key", "memory", "ping"]

SAFE_POLICY: Final = "noeviction"


@cache
def service() -> RedisService:
    """Return this environment's connections to the service."""
    return RedisService(security_store_url)


def client() -> "Redis":
    """Return this environment's client."""
    return service().client()


def ping() -> None:
    """Check that Redis answers, and warn if it may evict keys.

    Raises:
        redis.RedisError: Redis did not answer.
    """
    policy = memory().policy
    if policy != SAFE_POLICY:
        logger.warning("security store may evict sessions", policy=policy, needed=SAFE_POLICY)


def memory() -> Memory:
    """Return the memory use of the store.

    Raises:
        redis.RedisError: Redis did not answer.
    """
    return redis_connection.memory(client())
