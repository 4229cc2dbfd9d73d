"""Redis, connected at first use, and reads through it: away means slower, never broken."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final, Generic, TypeVar

import redis
from pydantic import TypeAdapter, ValidationError
from redis.backoff import NoBackoff
from redis.retry import Retry

from tidings.platform.clock import new_event_id
from tidings.platform.logging import logger
from tidings.platform.secrets import connections
from tidings.platform.settings import settings

TIMEOUT_SECONDS: Final = 1.0
# Longer than the slowest load; a reader that died holds up the others no longer than this.
LEASE_SECONDS: Final = 12
# Who finds another reader filling looks again so often, so long, and then loads for itself.
WAITS_SECONDS: Final = (0.02, 0.05, 0.1)
# After a failure Redis is left alone for so long: requests do not wait for its timeouts.
REST_SECONDS: Final = 5.0

# Stores a value only for who holds the lease: a `forget` meanwhile took it away.
FILL: Final = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
if ARGV[2] ~= '' then redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
return 1
"""

Value = TypeVar("Value")
Load = Callable[[list[str]], Mapping[str, Value]]


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
        # The library's own retries take seconds; one is enough for a Redis that restarted.
        retry=Retry(NoBackoff(), 1),
        decode_responses=True,
    )


def ping() -> None:
    """Ask Redis for a sign of life.

    Raises:
        redis.RedisError: it did not answer.
    """
    client().ping()


def key(*parts: str) -> str:
    """Return a key of ours: `tidings:<parts>`."""
    return ":".join((settings().database_prefix, *parts))


class ReadThrough(Generic[Value]):
    """Values of one type, read from Redis, and loaded where Redis has none.

    Who finds nothing takes a lease, loads and stores; the others wait a moment for it. Who
    changes what a value was made of calls `forget` after the change: it takes the leases
    away, too, so that nothing that was read before a change is stored after it.
    """

    def __init__(self, name: str, value_type: type[Value], *, ttl_seconds: int) -> None:
        self._name = name
        self._adapter: TypeAdapter[Value] = TypeAdapter(value_type)
        self._ttl = ttl_seconds
        self._resting_until = 0.0

    def get(self, key: str, load: Callable[[], Value | None]) -> Value | None:
        """Return the value of one key, or None where `load` has none."""

        def load_one(_: list[str]) -> dict[str, Value]:
            value = load()
            return {} if value is None else {key: value}

        return self.get_many([key], load_one).get(key)

    def get_many(self, keys: Sequence[str], load: Load[Value]) -> dict[str, Value]:
        """Return the values of these keys, in their order; keys that nobody has are left out.

        `load` is called at most once, with what Redis does not have.
        """
        found = self._read(keys)
        missing = [key for key in keys if key not in found]
        if not missing:
            return found
        leases = self._take_leases(missing)
        if leases is not None:
            found |= self._wait_for([key for key in missing if key not in leases])
        if still_missing := [key for key in missing if key not in found]:
            loaded = load(still_missing)
            self._fill(leases or {}, loaded)
            found |= loaded
        return {key: found[key] for key in keys if key in found}

    def forget(self, keys: Iterable[str]) -> None:
        """Drop values whose origin changed; where Redis is away they live out their TTL."""
        names = [name for key in keys for name in (self._key(key), self._lease(key))]
        if names:
            # Tried also while Redis rests: a stale value costs more than a timeout.
            self._ask(lambda redis: redis.delete(*names), even_if_resting=True)

    def _read(self, keys: Sequence[str]) -> dict[str, Value]:
        texts = self._ask(lambda redis: redis.mget([self._key(key) for key in keys])) or []
        values = {key: self._parsed(text) for key, text in zip(keys, texts, strict=False) if text}
        return {key: value for key, value in values.items() if value is not None}

    def _parsed(self, text: str) -> Value | None:
        try:
            return self._adapter.validate_json(text)
        except ValidationError:  # stored by another version of the code
            return None

    def _take_leases(self, keys: Sequence[str]) -> dict[str, str] | None:
        """Return the tokens of the leases that were free; None where Redis is away."""
        token = new_event_id()

        def take(redis: Any) -> Any:
            pipeline = redis.pipeline(transaction=False)
            for key in keys:
                pipeline.set(self._lease(key), token, nx=True, ex=LEASE_SECONDS)
            return pipeline.execute()

        taken = self._ask(take)
        if taken is None:
            return None
        return {key: token for key, won in zip(keys, taken, strict=True) if won}

    def _wait_for(self, keys: list[str]) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for seconds in WAITS_SECONDS if keys else ():
            time.sleep(seconds)
            found = self._read(keys)
            if len(found) == len(keys):
                break
        return found

    def _fill(self, leases: Mapping[str, str], loaded: Mapping[str, Value]) -> None:
        if not leases:
            return

        def fill(redis: Any) -> Any:
            pipeline = redis.pipeline(transaction=False)
            for key, token in leases.items():
                text = self._adapter.dump_json(loaded[key]).decode() if key in loaded else ""
                pipeline.eval(FILL, 2, self._key(key), self._lease(key), token, text, self._ttl)
            return pipeline.execute()

        self._ask(fill)

    def _ask(self, command: Callable[[Any], Any], *, even_if_resting: bool = False) -> Any:
        """Return what Redis says; None where it is away, which is logged and no error."""
        if time.monotonic() < self._resting_until and not even_if_resting:
            return None
        try:
            return command(client())
        except redis.RedisError as error:
            self._resting_until = time.monotonic() + REST_SECONDS
            logger.warning("cache is out of reach", cache=self._name, reason=type(error).__name__)
            return None

    def _key(self, key: str) -> str:
        return f"{settings().database_prefix}:cache:{self._name}:{key}"

    def _lease(self, key: str) -> str:
        return f"{self._key(key)}:lease"
