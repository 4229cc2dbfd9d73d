"""One operating system process that runs a function, with its output and its end."""

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

from tidings_local.lambda_host.background import Background
from tidings_local.lambda_host.errors import HostStoppedError
from tidings_local.lambda_host.family import descendants
from tidings_local.lambda_host.orphans import OrphanGuard
from tidings_local.lambda_host.output import OutputCapture
from tidings_local.lambda_host.runtime_api import RuntimeApi
from tidings_local.lambda_host.signals import Exited, Signals

logger = logging.getLogger(__name__)

END_LIMIT_SECONDS = 5.0


class Child(Protocol):
    """A process that was started for a function, forked or spawned."""

    @property
    def pid(self) -> int: ...

    @property
    def alive(self) -> bool:
        """Whether it runs, by the kernel: a process that was just killed does not."""

    async def wait(self) -> int:
        """Wait for its end; return its exit code, negative for a signal."""


class RuntimeProcess:
    """All events of the process arrive on `signals`; its end is the last."""

    def __init__(self, guard: OrphanGuard, background: Background) -> None:
        self.signals = Signals()
        self.api = RuntimeApi(self.signals)
        self.output = OutputCapture()
        self._guard = guard
        self._background = background
        self._child: Child | None = None
        self._end: asyncio.Task[None] | None = None
        self._closed = False

    async def start(self, launch: Callable[[int], Awaitable[Child]]) -> None:
        """Start the process with `launch`, which gets the file descriptor for its output.

        Raises:
            HostStoppedError: it was closed meanwhile.
        """
        try:
            await self.api.open()
            self._child = await launch(self.output.write_fd)
        except BaseException:
            self._release()
            raise
        self._guard.watch(self.pid)
        self.output.started()
        self._end = self._background.spawn(self._await_end(self._child))
        if self._closed:
            await self.close()
            raise HostStoppedError

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    @property
    def ended(self) -> bool:
        """Whether its end is known already."""
        return self._end is None or self._end.done()

    def kill(self) -> None:
        """Kill the process and all its descendants, also those outside of its process group."""
        if self._child is None or self.ended:
            return
        others = descendants(self.pid) if self._child.alive else []
        self._kill_group()
        for pid in others:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    async def close(self) -> None:
        """Kill the process if it runs, and free its resources."""
        self._closed = True
        if self._child is None:  # `start` continues with it
            return
        self.kill()
        await self.join(END_LIMIT_SECONDS)
        self._release()

    async def join(self, limit_seconds: float) -> None:
        if self._end is None:
            return
        done, _ = await asyncio.wait({self._end}, timeout=limit_seconds)
        if not done:
            logger.error("process does not end", extra={"pid": self.pid})

    def _release(self) -> None:
        self.api.close()
        self.output.close()

    async def _await_end(self, child: Child) -> None:
        code = await child.wait()
        self._kill_group()  # also the children of a runtime that ended
        self._guard.forget(child.pid)
        self.signals.put(Exited(code))

    def _kill_group(self) -> None:
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            logger.debug("process group ended already", extra={"pid": self.pid})
