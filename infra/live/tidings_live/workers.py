"""Run the application's blocking functions beside the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

Result = TypeVar("Result")

_THREADS: Final = 4


class Workers:
    """A few threads, so that one slow answer of MongoDB does not delay all others."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="live")

    async def run(self, function: Callable[[], Result]) -> Result:
        """Run a function in a thread, and return its result."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, function)

    def stop(self) -> None:
        """Wait for no function that still runs."""
        self._threads.shutdown(wait=False, cancel_futures=True)
