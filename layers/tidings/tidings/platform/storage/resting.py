"""Leave Redis alone for a while after it failed, so that requests do not wait for its timeouts."""

import time
from collections.abc import Callable
from typing import Any, ClassVar, Final
from weakref import WeakSet

from redis.exceptions import RedisError

from tidings.platform.logging import logger

REST_SECONDS: Final = 5.0


class Resting:
    """Calls of Redis that are left out for `REST_SECONDS` after one of them failed.

    For uses of Redis that can do without it. The others call Redis directly and raise its errors.
    """

    _all: ClassVar[WeakSet["Resting"]] = WeakSet()

    def __init__(self, message: str, **fields: Any) -> None:
        """Set the log line of a failure."""
        self._message = message
        self._fields = fields
        self._until = 0.0
        self._all.add(self)

    def ask(self, command: Callable[[], Any], *, even_if_resting: bool = False) -> Any:
        """Run a command and return its result; None if Redis failed now or a moment ago."""
        if time.monotonic() < self._until and not even_if_resting:
            return None
        try:
            return command()
        except RedisError as error:
            self._until = time.monotonic() + REST_SECONDS
            logger.warning(self._message, **self._fields, reason=type(error).__name__)
            return None

    def wake(self) -> None:
        """Call Redis again at the next use."""
        self._until = 0.0

    @classmethod
    def wake_all(cls) -> None:
        """Call Redis again in all uses; for tests that come after a test without Redis."""
        for each in cls._all:
            each.wake()
