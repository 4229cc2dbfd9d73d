"""The Lambda host on an event loop in a thread, called by a test from other threads."""

import asyncio
from collections.abc import Callable, Coroutine
from threading import Thread
from typing import Any, TypeVar

import uvloop

from tidings_local.lambda_host import (
    Function,
    FunctionKey,
    Invocation,
    Outcome,
)
from tidings_local.lambda_host.host import HostSettings, LambdaHost

Result = TypeVar("Result")

PATIENCE_SECONDS = 300.0


class LoopThread:
    """Runs coroutines for the thread of a test."""

    def __init__(self, new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
        self.loop = new_loop()
        self._thread = Thread(target=self.loop.run_forever, name="test-loop", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE_SECONDS)

    def call(self, action: Callable[..., Result], *arguments: Any) -> Result:
        """Call a plain function on the loop's thread."""

        async def called() -> Result:
            return action(*arguments)

        return self.run(called())

    def close(self) -> None:
        self.run(self.loop.shutdown_default_executor())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(PATIENCE_SECONDS)
        self.loop.close()


class HostThread:
    """A host and its loop. `stop` ends both."""

    def __init__(self, settings: HostSettings) -> None:
        self._on = LoopThread(uvloop.new_event_loop)
        self.run, self.call = self._on.run, self._on.call
        try:
            self.host = self._on.call(LambdaHost, settings)
        except BaseException:
            self._on.close()
            raise

    def invoke(self, function: Function, invocation: Invocation) -> Outcome:
        return self._on.run(self.host.invoke(function, invocation))

    def retire(self, key: FunctionKey) -> None:
        self._on.call(self.host.retire, key)

    def stop(self) -> None:
        """Stop the host. It still refuses calls until `close`."""
        self._on.run(self.host.stop())

    def close(self) -> None:
        self.stop()
        self._on.close()
