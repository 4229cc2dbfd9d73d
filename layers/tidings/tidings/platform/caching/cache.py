"""The cache: a Redis that may evict any key, and read-through access to it.

Anyone's requests can fill it, so it must not hold data that security depends on: see `store`. If it
is unavailable, reads are slower but do not fail.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from redis.client import Redis

from tidings.platform.secrets import cache_url
from tidings.platform.storage import redis_connection
from tidings.platform.storage.redis_connection import Memory, RedisService, key
from tidings.platform.storage.resting import Resting
from tidings.platform.timing.clock import new_event_id

__all__ = ["ReadThrough", "client", "key", "memory", "ping"]

# Longer than the slowest load. A reader that died blocks the others for at most this time.
LEASE_SECONDS: Final = 12
# A reader waits these times for another reader's load. Then it loads the value itself.
WAITS_SECONDS: Final = (0.02, 0.05, 0.1)

# Stores a value only if the reader still holds the lease: `forget` deletes leases.
FILL: Final = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
if ARGV[2] ~= '' then redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
return 1
"""

Value = TypeVar("Value")
Load = Callable[[list[str]], Mapping[str, Value]]


@cache
def service() -> RedisService:
    """Return this environment's connections to the service."""
    return RedisService(cache_url)


def client() -> "Redis":
    """Return this environment's client."""
    return service().client()


def ping() -> None:
    """Check that Redis answers.

    Raises:
        redis.RedisError: Redis did not answer.
    """
    client().ping()


def memory() -> Memory:
    """Return the memory use of the cache.

    Raises:
        redis.RedisError: Redis did not answer.
    """
    return redis_connection.memory(client())


class ReadThrough(Generic[Value]):
    """Values of one type, read from Redis, and loaded if Redis does not have them.

    A reader that finds no value takes a lease, loads the value and stores it. Other readers wait
    briefly for it. Call `forget` after each change of a value's source: it deletes the leases too,
    so a value that was read before the change cannot be stored after it.
    """

    def __init__(self, name: str, value_type: type[Value], *, ttl_seconds: int) -> None:
        self._name = name
        self._adapter: TypeAdapter[Value] = TypeAdapter(value_type)
        self._ttl = ttl_seconds
        self._resting = Resting("cache not used: Redis did not answer", cache=name)

    def get(self, key: str, load: Callable[[], Value | None]) -> Value | None:
        """Return the value of one key, or None if `load` returns None."""

        def load_one(_: list[str]) -> dict[str, Value]:
            value = load()
            return {} if value is None else {key: value}

        return self.get_many([key], load_one).get(key)

    def get_many(self, keys: Sequence[str], load: Load[Value]) -> dict[str, Value]:
        """Return the values of these keys in this order; keys without a value are left out.

        `load` is called at most once, with the keys that Redis does not have.
        """
        found = self._read(keys)
        missing = [key for key in keys if key not in found]
        if not missing:
            return found
        leases, stored = self._take_leases(missing)
        if leases is not None:
            found |= stored
            found |= self._wait_for([key for key in missing if key not in {*leases, *stored}])
        if still_missing := [key for key in missing if key not in found]:
            loaded = load(still_missing)
            self._fill(leases or {}, loaded)
            found |= loaded
        return {key: found[key] for key in keys if key in found}

    def forget(self, keys: Iterable[str], *more: str) -> None:
        """Delete values whose source changed. If Redis is unavailable, they stay for their TTL.

        Args:
            more: Redis keys that are deleted by the same command.
        """
        names = [name for key in keys for name in (self._key(key), self._lease(key))]
        names += more if names else ()
        if names:
            # Sent even shortly after a failure: a stale value is worse than a timeout.
            self._ask(lambda redis: redis.delete(*names), even_if_resting=True)

    def _read(self, keys: Sequence[str]) -> dict[str, Value]:
        return self._values(keys, self._ask(lambda redis: redis.mget(self._keys(keys))) or [])

    def _values(self, keys: Sequence[str], texts: Sequence[str | None]) -> dict[str, Value]:
        values = {key: self._parsed(text) for key, text in zip(keys, texts, strict=False) if text}
        return {key: value for key, value in values.items() if value is not None}

    def _parsed(self, text: str) -> Value | None:
        try:
            return self._adapter.validate_json(text)
        except ValidationError:  # stored by another version of the code
            return None

    def _take_leases(self, keys: Sequence[str]) -> tuple[dict[str, str] | None, dict[str, Value]]:
        """Return the tokens of the leases that were free, and the values stored meanwhile.

        The leases are None if Redis is unavailable. A value was stored meanwhile if another reader
        ended its load after we looked; its lease has ended too, so that we would load again.
        """
        token = new_event_id()

        def take(redis: Any) -> Any:
            pipeline = redis.pipeline(transaction=False)
            for each in keys:
                pipeline.set(self._lease(each), token, nx=True, ex=LEASE_SECONDS)
            pipeline.mget(self._keys(keys))
            return pipeline.execute()

        taken = self._ask(take)
        if taken is None:
            return None, {}
        *won, texts = taken
        leases = {key: token for key, is_ours in zip(keys, won, strict=True) if is_ours}
        stored = self._values(keys, texts)
        self._fill({key: leases.pop(key) for key in stored if key in leases}, {})  # gives them back
        return leases, stored

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
            for each, token in leases.items():
                text = self._adapter.dump_json(loaded[each]).decode() if each in loaded else ""
                pipeline.eval(FILL, 2, self._key(each), self._lease(each), token, text, self._ttl)
            return pipeline.execute()

        self._ask(fill)

    def _ask(self, command: Callable[[Any], Any], *, even_if_resting: bool = False) -> Any:
        """Run a command and return its result; None, and a log line, if Redis is unavailable."""
        return self._resting.ask(lambda: command(client()), even_if_resting=even_if_resting)

    def _keys(self, keys: Iterable[str]) -> list[str]:
        return [self._key(key) for key in keys]

    def _key(self, key: str) -> str:
        return redis_connection.key("cache", self._name, key)

    def _lease(self, key: str) -> str:
        return f"{self._key(key)}:lease"
