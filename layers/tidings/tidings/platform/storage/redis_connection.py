"""Connections to Redis: timeouts, rotated passwords, and names of keys.

There are two Redis services. `store` holds data that security depends on and never evicts it;
`cache` holds data that may be lost. Every use of Redis chooses one of them
(docs/decisions/0088-two-redis-services.md).
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from redis.backoff import NoBackoff
from redis.client import Redis
from redis.connection import Connection, parse_url
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from tidings.platform.secrets import SecretsManagerError, Url
from tidings.platform.settings import settings

TIMEOUT_SECONDS: Final = 1.0


class AddressUnknown(RedisConnectionError):
    """Secrets Manager is unavailable, and this environment never read the address of Redis.

    For its callers that is the same as a Redis that does not answer.
    """


class RedisService:
    """One of the two Redis services, with this environment's client."""

    def __init__(self, url: Url) -> None:
        self._url = url
        self._connected_to: str | None = None
        self._client: Redis | None = None
        # Another thread may wait for an answer: the library closes connections with their client.
        self._former: Redis | None = None

    def client(self) -> "Redis":
        """Return the client; another one if the secret has another URL.

        Raises:
            AddressUnknown: Secrets Manager did not answer.
        """
        try:
            url = self._url()
        except SecretsManagerError as error:
            if not error.is_away:
                raise
            raise AddressUnknown(str(error)) from error
        if self._client is None or url != self._connected_to:
            self._former = self._client
            self._client, self._connected_to = connect(self._url), url
        return self._client


def connect(url: Url) -> "Redis":
    """Return a client; it connects at its first command.

    A connection that was lost while the environment was frozen is replaced once. There is no pause
    before that attempt, because a request waits for it.

    Args:
        url: returns the address; after a refusal, with the present password.
    """
    return Redis.from_url(
        url(),
        redis_connect_func=_opening(url),
        socket_connect_timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        # The library's default retries take seconds; one retry is enough after a restart of Redis.
        retry=Retry(NoBackoff(), 1),
        decode_responses=True,
    )


def _opening(url: Url) -> Callable[[Connection], None]:
    """Return what the library does with a new connection: authenticate, and choose a database.

    If Redis refuses the password, the library connects once more, with the present one.
    """

    def opened(connection: Connection) -> None:
        try:
            connection.on_connect()  # type: ignore[no-untyped-call]
        except AuthenticationError:
            login = parse_url(url(refused=True))  # type: ignore[no-untyped-call]
            connection.username, connection.password = login.get("username"), login.get("password")
            raise

    return opened


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
