"""A write buffer in Redis: collects many small notes of one owner and returns them as one batch.

A batch has an id from its first note on. `take` moves it to a second key until `drop`: a caller
that takes it again after a crash gets the same notes with the same id, so storing it can be
idempotent by that id. A crash of Redis loses the notes, so buffer only data that may be lost.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from tidings.platform.caching import cache
from tidings.platform.retention import in_redis
from tidings.platform.storage.resting import Resting
from tidings.platform.timing.clock import new_id

ID: Final = "#id"
# Notes expire, in case the job that takes them is switched off.
KEPT_SECONDS: Final = in_redis.GATHERED.seconds

# KEYS: the owner's notes, the owners sorted by the time of their first note. Returns the number of
# notes and the time of the first one.
NOTE: Final = """
redis.call('HSETNX', KEYS[1], '#id', ARGV[2])
for i = 5, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('ZADD', KEYS[2], 'NX', ARGV[3], ARGV[1])
return {redis.call('HLEN', KEYS[1]) - 1, redis.call('ZSCORE', KEYS[2], ARGV[1])}
"""
# KEYS: the owner's notes, the notes that were taken. Notes taken before and not dropped go first.
TAKE: Final = """
if redis.call('EXISTS', KEYS[2]) == 0 then
  if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
  redis.call('RENAME', KEYS[1], KEYS[2])
end
return redis.call('HGETALL', KEYS[2])
"""
# KEYS: the owner's notes, the notes that were taken, the owners. Notes that came meanwhile start a
# new wait.
DROP: Final = """
if redis.call('HGET', KEYS[2], '#id') == ARGV[2] then redis.call('DEL', KEYS[2]) end
redis.call('ZREM', KEYS[3], ARGV[1])
if redis.call('EXISTS', KEYS[1]) + redis.call('EXISTS', KEYS[2]) > 0 then
  redis.call('ZADD', KEYS[3], ARGV[3], ARGV[1])
end
"""


class Batch(NamedTuple):
    """The notes of one owner."""

    id: str
    notes: Mapping[str, str]


class WriteBuffer:
    """Buffered notes of one kind, by owner; a later note of the same name replaces the earlier."""

    def __init__(self, name: str, *, most: int, seconds: float) -> None:
        """Set when a batch is due: at `most` notes, or when its first note is `seconds` old."""
        self._name = name
        self._most = most
        self._seconds = seconds
        self._resting = Resting("write buffer not used: Redis did not answer", kind=name)

    def note(self, owner: str, notes: Mapping[str, str], at: datetime) -> bool | None:
        """Add notes; return whether the owner's batch is due, or None if Redis is unavailable."""
        flat = [text for pair in notes.items() for text in pair]
        keys = (self._key(owner), self._owners())
        arguments = (owner, new_id(), str(at.timestamp()), str(KEPT_SECONDS), *flat)
        answer = self._ask(lambda redis: redis.eval(NOTE, 2, *keys, *arguments))
        if answer is None:
            return None
        count, began = answer
        return int(count) >= self._most or at.timestamp() - float(began) >= self._seconds

    def take(self, owner: str) -> Batch | None:
        """Take an owner's batch and return it; None if it is empty or Redis is unavailable."""
        keys = (self._key(owner), self._aside(owner))
        answer = self._ask(lambda redis: redis.eval(TAKE, 2, *keys)) or []
        notes = dict(zip(answer[::2], answer[1::2], strict=True))
        return Batch(notes.pop(ID), notes) if notes else None

    def drop(self, owner: str, batch_id: str, at: datetime) -> None:
        """Delete a batch that is stored. If Redis is unavailable, it is taken again later."""
        keys = (self._key(owner), self._aside(owner), self._owners())
        arguments = (owner, batch_id, str(at.timestamp()))
        self._ask(lambda redis: redis.eval(DROP, 3, *keys, *arguments))

    def due(self, at: datetime, limit: int) -> list[str]:
        """Return owners whose first note is old enough; an empty list if Redis is unavailable."""
        until = at.timestamp() - self._seconds
        owners = self._ask(lambda redis: redis.zrangebyscore(self._owners(), 0, until, 0, limit))
        return list(owners or ())

    def forget(self, owner: str) -> None:
        """Delete all notes of an owner.

        Raises:
            redis.RedisError: Redis did not answer.
        """
        cache.client().delete(self._key(owner), self._aside(owner))
        cache.client().zrem(self._owners(), owner)

    def _ask(self, command: Callable[[Any], Any]) -> Any:
        """Run a command and return its result; None if Redis failed now or a moment ago."""
        return self._resting.ask(lambda: command(cache.client()))

    def _key(self, owner: str) -> str:
        return cache.key("gathered", self._name, owner)

    def _aside(self, owner: str) -> str:
        return cache.key("gathered", self._name, owner, "aside")

    def _owners(self) -> str:
        return cache.key("gathered", self._name)
