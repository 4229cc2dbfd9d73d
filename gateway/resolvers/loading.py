"""Batch the loading of nested fields, after https://github.com/graphql/dataloader.

The keys of most nested fields are known when the list is read (`expect`): the first field loads the
values of all, and every field has its value at once. All other fields are coroutines that
graphql-core runs. While any of them can continue, keys are only collected; then one call loads them
all. Loading may block the event loop, because a Lambda environment handles one request at a time
(docs/decisions/0015, 0133).
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from typing import Generic, TypeAlias, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

# A value at once, or a coroutine that returns it.
MaybeLater: TypeAlias = Value | Awaitable[Value | None] | None
LoadMany = Callable[[Sequence[Key]], Mapping[Key, Value]]


class DataLoader(Generic[Key, Value]):
    """Loads values by key, many keys in one call.

    Values are kept only until the next result is expected, because a mutation may change them.
    """

    def __init__(self, load_many: LoadMany[Key, Value]) -> None:
        self._load_many = load_many
        self._expected: dict[Key, None] = {}
        self._loaded: Mapping[Key, Value] | Exception | None = None
        self._waiting: dict[Key, asyncio.Future[Value | None]] = {}

    def expect(self, keys: Iterable[Key]) -> None:
        """Note the keys that the fields of a result may need; forget those of the result before."""
        self._expected, self._loaded = dict.fromkeys(keys), None

    def load(self, key: Key) -> MaybeLater[Value]:
        """Return the value of a key, or None; if the key was not expected, return a coroutine.

        Raises:
            Exception: any error of loading the batch.
        """
        return self._load_expected(key) if key in self._expected else self.load_later(key)

    def _load_expected(self, key: Key) -> Value | None:
        if self._loaded is None:
            try:
                self._loaded = self._load_many(list(self._expected))
            except Exception as error:  # noqa: BLE001 (each field of the result reports it)
                self._loaded = error
        if isinstance(self._loaded, Exception):
            raise self._loaded
        return self._loaded.get(key)

    async def load_later(self, key: Key) -> Value | None:
        """Return the value of a key, or None, when no other field can continue.

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
