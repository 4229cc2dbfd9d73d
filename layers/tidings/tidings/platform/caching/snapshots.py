"""Copies of stored data in the cache, for batches: one round trip if all are there, two if not.

A reader that finds no copy gets the key's mark, or makes one. It may store what it loads only while
the mark is the same. `forget` deletes copy and mark, so a value that was read before a change
cannot be stored after it. If Redis evicts a mark, nothing is stored.

`cache.ReadThrough` also lets only one of many readers load a value. That costs a command for each
key, and is for values that many ask for.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from tidings.platform.caching import cache
from tidings.platform.storage.resting import Resting
from tidings.platform.timing.clock import new_event_id

# Longer than the slowest load.
MARK_SECONDS: Final = 30

# The first character of each answer: of a copy, and of a mark.
COPY: Final = "="
MARK: Final = "?"
# KEYS: copies; a mark has the name of its copy and a suffix. ARGV: a new mark, its seconds. Returns
# a copy or a mark for each key.
READ: Final = """
local found = {}
for place, name in ipairs(KEYS) do
  local copy = redis.call('GET', name)
  if copy then
    found[place] = '=' .. copy
  else
    redis.call('SET', name .. ':mark', ARGV[1], 'NX', 'EX', ARGV[2])
    found[place] = '?' .. redis.call('GET', name .. ':mark')
  end
end
return found
"""
# KEYS: copies. ARGV: their seconds, then pairs of a mark and a copy.
FILL: Final = """
for place, name in ipairs(KEYS) do
  if redis.call('GET', name .. ':mark') == ARGV[2 * place] then
    redis.call('SET', name, ARGV[2 * place + 1], 'EX', ARGV[1])
  end
end
"""

Value = TypeVar("Value")
Load = Callable[[list[str]], Mapping[str, Value]]


class Snapshots(Generic[Value]):
    """Copies of one kind of data by key, which its owner must `forget` at each change."""

    def __init__(self, name: str, value_type: type[Value], *, seconds: int) -> None:
        self._name = name
        self._adapter: TypeAdapter[Value] = TypeAdapter(value_type)
        self._seconds = seconds
        self._resting = Resting("copies not used: Redis did not answer", cache=name)

    def get_many(self, keys: Sequence[str], load: Load[Value]) -> dict[str, Value]:
        """Return the values of these keys; those that do not exist are left out.

        `load` is called at most once, with the keys that Redis does not have; with all of them if
        Redis is unavailable.
        """
        if not keys:
            return {}
        told = self._ask(READ, keys, new_event_id(), str(MARK_SECONDS))
        if told is None:
            return dict(load(list(keys)))
        marks: dict[str, str] = {}
        found: dict[str, Value] = {}
        for key, text in zip(keys, told, strict=True):
            if text.startswith(MARK):
                marks[key] = text[1:]
            elif (value := self._parsed(text[1:])) is not None:
                found[key] = value
        missing = [key for key in keys if key not in found]
        if missing:
            loaded = load(missing)
            self._fill({key: mark for key, mark in marks.items() if key in loaded}, loaded)
            found |= loaded
        return found

    def forget(self, keys: Iterable[str]) -> None:
        """Delete the copies of what has changed. If Redis is unavailable, they stay until they end.

        Call it after the write.
        """
        names = [name for key in keys for name in self._names(key)]
        if names:
            # Sent even shortly after a failure: a former value is worse than a timeout.
            self._resting.ask(lambda: cache.client().delete(*names), even_if_resting=True)

    def _fill(self, marks: Mapping[str, str], loaded: Mapping[str, Value]) -> None:
        if not marks:
            return
        given = [
            text
            for key, mark in marks.items()
            for text in (mark, self._adapter.dump_json(loaded[key]).decode())
        ]
        self._ask(FILL, list(marks), str(self._seconds), *given)

    def _parsed(self, copy: str) -> Value | None:
        try:
            return self._adapter.validate_json(copy)
        except ValidationError:  # stored by another version of the code; it stays until it ends
            return None

    def _ask(self, script: str, keys: Sequence[str], *arguments: str) -> Any:
        """Run a script; return its result, or None if Redis is unavailable."""
        names = [self._copy(key) for key in keys]
        return self._resting.ask(
            lambda: cache.client().eval(script, len(names), *names, *arguments) or []
        )

    def _copy(self, key: str) -> str:
        return cache.key("cache", self._name, key)

    def _names(self, key: str) -> tuple[str, str]:
        copy = self._copy(key)
        return copy, f"{copy}:mark"
