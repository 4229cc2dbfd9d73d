"""Generations: a value in Redis that changes whenever some data changes.

A result that was computed from the data can be kept together with the generation that was current
before the computation. It is valid as long as that generation is current.
"""

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from typing import Any, Final

from tidings.platform.caching import cache
from tidings.platform.retention import in_redis
from tidings.platform.storage.resting import Resting
from tidings.platform.timing.clock import new_event_id

# If Redis was unavailable during a change, older results are used for at most this time.
SECONDS: Final = in_redis.GENERATION.seconds


_all: Final[list["Generation"]] = []
# The generations that were read with the count of the current call, by their keys.
_seen: ContextVar[Mapping[str, str]] = ContextVar("generations")


class Generation:
    """The generation of some data, such as the catalogue."""

    def __init__(self, name: str) -> None:
        self._name = name
        _all.append(self)
        self._resting = Resting("generation unknown: Redis did not answer", generation=name)

    @property
    def key(self) -> str:
        """The key to delete after each change of the data; the next reader begins a generation."""
        return cache.key("cache", "generation", self._name)

    def current(self) -> str | None:
        """Return the current generation, or None if Redis is unavailable.

        It may be the one at the beginning of the current call.
        """
        seen = _seen.get({}).get(self.key)
        if seen is not None:
            return seen
        known: str | None = self._resting.ask(lambda: cache.client().get(self.key))
        return known or self._resting.ask(self._begin)

    def _begin(self) -> Any:
        """Begin a generation, unless another reader was faster, and return the current one."""
        pipeline = cache.client().pipeline(transaction=False)
        pipeline.set(self.key, new_event_id(), nx=True, ex=SECONDS)
        pipeline.get(self.key)
        return pipeline.execute()[1]


def keys() -> list[str]:
    """Return the keys of all generations that this environment has used."""
    return [each.key for each in _all]


def note_seen(found: Iterable[tuple[str, str | None]]) -> None:
    """Note generations that were read for the current call, by their keys."""
    _seen.set({key: value for key, value in found if value is not None})


def forget_seen() -> None:
    """Forget the generations of the call before."""
    _seen.set({})
