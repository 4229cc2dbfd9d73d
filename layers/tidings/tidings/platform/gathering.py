"""Many small notes of one owner, gathered in Redis and taken as one batch.

A batch has an id from its first note on, and is put aside while it is stored: whoever takes
it again after a crash gets the same notes with the same id, so that storing it is idempotent
by that id. What Redis forgets in a crash is lost; gather only what may be.
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import redis

from tidings.platform import cache
from tidings.platform.clock import new_id
from tidings.platform.logging import logger

ID: Final = "#id"
# Notes that nobody ever takes, of a job that is switched off, are not kept for ever.
KEPT_SECONDS: Final = 24 * 3600

# Keys: the owner's notes, the owners by when they began. Returns how many notes there are,
# and when the first one came.
NOTE: Final = """
redis.call('HSETNX', KEYS[1], '#id', ARGV[2])
for i = 5, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('ZADD', KEYS[2], 'NX', ARGV[3], ARGV[1])
return {redis.call('HLEN', KEYS[1]) - 1, redis.call('ZSCORE', KEYS[2], ARGV[1])}
"""
# Keys: the owner's notes, those put aside. What was put aside before goes first.
TAKE: Final = """
if redis.call('EXISTS', KEYS[2]) == 0 then
  if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
  redis.call('RENAME', KEYS[1], KEYS[2])
end
return redis.call('HGETALL', KEYS[2])
"""
# Keys: as of both above. Notes that came meanwhile wait from now on.
DROP: Final = """
if redis.call('HGET', KEYS[2], '#id') == ARGV[2] then redis.call('DEL', KEYS[2]) end
redis.call('ZREM', KEYS[3], ARGV[1])
if redis.call('EXISTS', KEYS[1]) + redis.call('EXISTS', KEYS[2]) > 0 then
  redis.call('ZADD', KEYS[3], ARGV[3], ARGV[1])
end
"""


class Batch(NamedTuple):
    """What was gathered of one owner."""

    id: str
    notes: Mapping[str, str]


class Gathering:
    """Notes of one kind, by owner; a later note of the same name replaces the earlier one."""

    def __init__(self, name: str, *, most: int, seconds: float) -> None:
        """Let a batch be due when it has `most` notes, or the first is so many seconds old."""
        self._name = name
        self._most = most
        self._seconds = seconds
        self._resting_until = 0.0

    def note(self, owner: str, notes: Mapping[str, str], at: datetime) -> bool | None:
        """Add notes; say whether the owner's batch is due. None where Redis is away."""
        flat = [text for pair in notes.items() for text in pair]
        keys = (self._key(owner), self._owners())
        arguments = (owner, new_id(), str(at.timestamp()), str(KEPT_SECONDS), *flat)
        answer = self._ask(lambda redis: redis.eval(NOTE, 2, *keys, *arguments))
        if answer is None:
            return None
        count, began = answer
        return int(count) >= self._most or at.timestamp() - float(began) >= self._seconds

    def take(self, owner: str) -> Batch | None:
        """Put an owner's batch aside and return it; None where there is nothing, or no Redis."""
        keys = (self._key(owner), self._aside(owner))
        answer = self._ask(lambda redis: redis.eval(TAKE, 2, *keys)) or []
        notes = dict(zip(answer[::2], answer[1::2], strict=True))
        return Batch(notes.pop(ID), notes) if notes else None

    def drop(self, owner: str, batch_id: str, at: datetime) -> None:
        """Forget a batch that is stored; where Redis is away it comes again."""
        keys = (self._key(owner), self._aside(owner), self._owners())
        arguments = (owner, batch_id, str(at.timestamp()))
        self._ask(lambda redis: redis.eval(DROP, 3, *keys, *arguments))

    def due(self, at: datetime, limit: int) -> list[str]:
        """Return owners whose first note is old enough; nobody where Redis is away."""
        until = at.timestamp() - self._seconds
        owners = self._ask(lambda redis: redis.zrangebyscore(self._owners(), 0, until, 0, limit))
        return list(owners or ())

    def forget(self, owner: str) -> None:
        """Drop all that is there of an owner.

        Raises:
            redis.RedisError: Redis is away.
        """
        cache.client().delete(self._key(owner), self._aside(owner))
        cache.client().zrem(self._owners(), owner)

    def _ask(self, command: Callable[[Any], Any]) -> Any:
        """Return what Redis says; None where it is away, or was a moment ago."""
        if time.monotonic() < self._resting_until:
            return None
        try:
            return command(cache.client())
        except redis.RedisError as error:
            self._resting_until = time.monotonic() + cache.REST_SECONDS
            logger.warning("nothing is gathered", kind=self._name, reason=type(error).__name__)
            return None

    def _key(self, owner: str) -> str:
        return cache.key("gathered", self._name, owner)

    def _aside(self, owner: str) -> str:
        return cache.key("gathered", self._name, owner, "aside")

    def _owners(self) -> str:
        return cache.key("gathered", self._name)
