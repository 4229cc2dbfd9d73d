"""Template processes: one for each set of layers, from which environments are forked."""

import asyncio
import json
import logging
import os
import signal
import socket
import subprocess
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidings_local.lambda_host.background import Background
from tidings_local.lambda_host.errors import HostStoppedError
from tidings_local.lambda_host.orphans import OrphanGuard
from tidings_local.lambda_host.process_end import is_readable, until_readable

logger = logging.getLogger(__name__)

READY_SECONDS = 30.0
END_SECONDS = 5.0
END_KNOWN_SECONDS = 1.0
KEPT = 3
"""The number of templates to keep, those of the layers used last. An older one ends when none of
its processes runs."""
_MESSAGE_LIMIT = 1 << 16
_PROGRAM = Path(__file__).with_name("template_process.py")


class TemplateGoneError(Exception):
    """The template process ended; another one has to be started."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The properties of a forked process."""

    handler: str
    folder: Path
    path: list[str]
    environment: Mapping[str, str]

    def message(self) -> bytes:
        return json.dumps(
            {
                "handler": self.handler,
                "folder": str(self.folder),
                "path": self.path,
                "environment": dict(self.environment),
            }
        ).encode()


class ForkedProcess:
    """A child of the template. Its pidfd cannot be confused with another process's."""

    def __init__(self, pid: int, pidfd: int) -> None:
        self.pid = pid
        self.code: int | None = None
        self.told = asyncio.Event()
        """Set when the template has reported the exit code, or cannot report it any more."""
        self._pidfd = pidfd

    @property
    def alive(self) -> bool:
        return self._pidfd >= 0 and not is_readable(self._pidfd)

    async def wait(self) -> int:
        """Return its exit code, or that of a kill if its template ended before reporting it."""
        try:
            await until_readable(self._pidfd)
        finally:
            os.close(self._pidfd)
            self._pidfd = -1
        with suppress(TimeoutError):
            await asyncio.wait_for(self.told.wait(), END_KNOWN_SECONDS)
        return -signal.SIGKILL if self.code is None else self.code


class Template:
    """One template process. Its answers and the ends of its processes arrive on a socket."""

    def __init__(
        self,
        interpreter: Path,
        layers: list[str],
        guard: OrphanGuard,
        directory: Path,
        background: Background,
    ) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.setblocking(False)
        self._guard = guard
        self._background = background
        self._loop = asyncio.get_running_loop()
        self._lock = asyncio.Lock()
        self._ready = asyncio.Event()
        self._answer: asyncio.Future[ForkedProcess | None] | None = None
        self._lost = False
        self._ended = asyncio.Event()
        self._forked: dict[int, ForkedProcess] = {}
        with theirs:
            self._process = subprocess.Popen(
                [str(interpreter), "-P", str(_PROGRAM), str(theirs.fileno())],
                # The last one is the mark by which the launcher finds processes of a stack.
                env={
                    "PYTHONPATH": os.pathsep.join(layers),
                    "LANG": "en_US.UTF-8",
                    "LAMBDA_TASK_ROOT": str(directory),
                },
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        guard.watch(self._process.pid)
        self._loop.add_reader(self._control.fileno(), self._receive)

    @property
    def usable(self) -> bool:
        return not self._lost

    @property
    def loaded(self) -> bool:
        """Whether it can fork at once."""
        return self._ready.is_set() and not self._lost

    @property
    def unused(self) -> bool:
        """Whether none of its processes runs."""
        return not self._forked

    async def fork(self, wanted: Wanted, output: int) -> ForkedProcess:
        """Fork a process that writes to `output`.

        Raises:
            TemplateGoneError: the template ended before it answered.
        """
        async with self._lock:  # its answers do not name their requests
            await self._until_ready()
            try:
                socket.send_fds(self._control, [wanted.message()], [output])
            except OSError as error:
                raise TemplateGoneError(str(error)) from error
            self._answer = self._loop.create_future()
            forked = await self._answer
        if forked is None:
            raise TemplateGoneError("it ended while it forked")
        return forked

    async def stop(self) -> None:
        """Kill the template and all its processes."""
        with suppress(OSError):  # it ended already
            self._control.shutdown(socket.SHUT_RDWR)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), END_SECONDS)

    async def _until_ready(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ready.wait(), READY_SECONDS)
        if self._lost or not self._ready.is_set():
            self._process.kill()
            raise TemplateGoneError(f"not ready within {READY_SECONDS:g} seconds")

    def _receive(self) -> None:
        try:
            content, fds, _, _ = socket.recv_fds(self._control, _MESSAGE_LIMIT, 1)
        except BlockingIOError:
            return
        except OSError:
            content, fds = b"", []
        if content:
            self._take(json.loads(content), fds)
        else:
            self._lose()

    def _take(self, message: dict[str, Any], fds: list[int]) -> None:
        if "ready" in message:
            self._ready.set()
        elif "pid" in message:
            forked = self._forked[message["pid"]] = ForkedProcess(message["pid"], fds[0])
            self._tell(forked)
        else:
            forked = self._forked.pop(message["ended"])
            forked.code = message["code"]
            forked.told.set()

    def _lose(self) -> None:
        """Handle the end of the template: no more messages arrive from it."""
        self._loop.remove_reader(self._control.fileno())
        self._lost = True
        self._ready.set()
        self._tell(None)
        for forked in self._forked.values():
            forked.told.set()
        self._background.spawn(self._end())

    def _tell(self, forked: ForkedProcess | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(forked)

    async def _end(self) -> None:
        self._control.close()
        self._process.kill()
        await asyncio.to_thread(self._process.wait)
        self._guard.forget(self._process.pid)
        self._ended.set()


class Templates:
    """The templates of one host, by their layers."""

    def __init__(
        self, interpreter: Path, guard: OrphanGuard, directory: Path, background: Background
    ) -> None:
        self._interpreter = interpreter
        self._guard = guard
        self._directory = directory
        self._background = background
        self._by_layers: OrderedDict[tuple[str, ...], Template] = OrderedDict()
        self._stopped = False

    def warm(self, layers: list[str]) -> Template:
        """Return the template of these layers; it may still be loading them.

        Raises:
            HostStoppedError: the templates were stopped.
        """
        if self._stopped:
            raise HostStoppedError
        key = tuple(layers)
        found = self._by_layers.get(key)
        if found is None or not found.usable:
            found = Template(
                self._interpreter, layers, self._guard, self._directory, self._background
            )
            self._by_layers[key] = found
        self._by_layers.move_to_end(key)
        self._end_old()
        return found

    def is_loaded(self, layers: list[str]) -> bool:
        """Return whether a template of these layers can fork at once."""
        found = self._by_layers.get(tuple(layers))
        return found is not None and found.loaded

    async def fork(self, layers: list[str], wanted: Wanted, output: int) -> ForkedProcess:
        """Fork a process from the template of these layers.

        Raises:
            TemplateGoneError: the template ended, and so did its replacement.
        """
        try:
            return await self.warm(layers).fork(wanted, output)
        except TemplateGoneError:
            logger.warning("a template process ended; starting another")
            return await self.warm(layers).fork(wanted, output)

    def _end_old(self) -> None:
        for key, template in list(self._by_layers.items())[:-KEPT]:
            if template.unused:
                del self._by_layers[key]
                self._background.spawn(template.stop())

    async def stop(self) -> None:
        self._stopped = True
        await asyncio.gather(*(template.stop() for template in self._by_layers.values()))
        self._by_layers.clear()
