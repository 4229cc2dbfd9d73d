"""Batching of what nested fields load, after https://github.com/graphql/dataloader.

graphql-core is left to run nested fields as coroutines. While any of them can go on, keys are
only collected; then one call loads them all. Loading itself blocks the event loop, and may: an
environment of Lambda serves one request at a time (docs/decisions/0015).
"""

import asyncio
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

LoadMany = Callable[[Sequence[Key]], Mapping[Key, Value]]


class DataLoader(Generic[Key, Value]):
    """Loads by key, many keys in one call.

    What was loaded is not kept for later fields: between two fields of a mutation it may have
    changed.
    """

    def __init__(self, load_many: LoadMany[Key, Value]) -> None:
        self._load_many = load_many
        self._waiting: dict[Key, asyncio.Future[Value | None]] = {}

    async def load(self, key: Key) -> Value | None:
        """Return what belongs to a key, None where there is nothing.

        Raises:
            Exception: what loading the batch raised.
        """
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._dispatch_when_all_wait, loop, 0)
        if key not in self._waiting:
            self._waiting[key] = loop.create_future()
        return await self._waiting[key]

    def _dispatch_when_all_wait(self, loop: asyncio.AbstractEventLoop, known: int) -> None:
        """Load once a whole round of the event loop has brought no new key."""
        if len(self._waiting) > known:
            loop.call_soon(self._dispatch_when_all_wait, loop, len(self._waiting))
            return
        batch, self._waiting = self._waiting, {}
        try:
            found = self._load_many(list(batch))
        except Exception as error:  # noqa: BLE001 (each waiting field reports it)
            for future in batch.values():
                future.set_exception(error)
        else:
            for key, future in batch.items():
                future.set_result(found.get(key))
