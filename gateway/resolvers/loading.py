"""Batch the loading of nested fields, after https://github.com/graphql/dataloader.

graphql-core runs nested fields as coroutines. While any of them can continue, keys are only
collected; then one call loads them all. Loading may block the event loop, because a Lambda
environment handles one request at a time (docs/decisions/0015).
"""

import asyncio
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

LoadMany = Callable[[Sequence[Key]], Mapping[Key, Value]]


class DataLoader(Generic[Key, Value]):
    """Loads values by key, many keys in one call.

    Values are not cached for later fields, because a mutation may change them in between.
    """

    def __init__(self, load_many: LoadMany[Key, Value]) -> None:
        self._load_many = load_many
        self._waiting: dict[Key, asyncio.Future[Value | None]] = {}

    async def load(self, key: Key) -> Value | None:
        """Return the value of a key, or None.

        Raises:
            Exception: any error of loading the batch.
        """
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._dispatch_when_all_wait, loop, 0)
        if key not in self._waiting:
            self._waiting[key] = loop.create_future()
        return await self._waiting[key]

    def _dispatch_when_all_wait(self, loop: asyncio.AbstractEventLoop, known: int) -> None:
        """Load when a whole round of the event loop has added no new key."""
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
