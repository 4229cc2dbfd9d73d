"""Work that continues without its caller: ends of processes, calls, removals."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

logger = logging.getLogger(__name__)

Result = TypeVar("Result")


class Background:
    """Keeps references to the tasks of one host, because the loop keeps only weak ones."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def join(self, limit_seconds: float) -> None:
        """Wait until all tasks are done."""
        deadline = self._loop.time() + limit_seconds
        while left := self._tasks - {asyncio.current_task()}:
            seconds = deadline - self._loop.time()
            if seconds <= 0:
                logger.error(
                    "Lambda host: work continues after the stop", extra={"tasks": len(left)}
                )
                return
            await asyncio.wait(left, timeout=seconds)
