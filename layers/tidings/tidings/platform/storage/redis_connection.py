"""Connections to Redis: timeouts, and names of keys.

There are two Redis services. `store` holds data that security depends on and never evicts it;
`cache` holds data that may be lost. Every use of Redis chooses one of them
(docs/decisions/0088-two-redis-services.md).
"""

from typing import Any, Final, NamedTuple

from redis.backoff import NoBackoff
from redis.client import Redis
from redis.retry import Retry

from tidings.platform.settings import settings

TIMEOUT_SECONDS: Final = 1.0


def connect(url: str) -> "Redis":
    """Return a client; it connects at its first command.

    A connection that was lost while the environment was frozen is replaced once. There is no pause
    before that attempt, because a request waits for it.
    """
    return Redis.from_url(
        url,
        socket_connect_timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        # The library's default retries take seconds; one retry is enough after a restart of Redis.
        retry=Retry(NoBackoff(), 1),
        decode_responses=True,
    )


class Memory(NamedTuple):
    """A server's memory use, and its policy when it is full."""

    used_bytes: int
    # 0 means no limit.
    limit_bytes: int
    policy: str


def memory(client: "Redis") -> Memory:
    """Return a server's memory use. Managed services answer `INFO`, but not `CONFIG GET`.

    Raises:
        redis.RedisError: Redis did not answer.
    """
    told: Any = client.info("memory")
    return Memory(told["used_memory"], told["maxmemory"], told["maxmemory_policy"])


def key(*parts: str) -> str:
    """Return a key with our prefix: `tidings:<parts>`."""
    return ":".join((settings().database_prefix, *parts))
