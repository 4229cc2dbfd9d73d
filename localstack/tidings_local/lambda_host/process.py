"""One operating system process that runs a function: its start, its output, its end."""

import logging
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread

import psutil

from tidings_local.lambda_host.orphans import OrphanGuard
from tidings_local.lambda_host.output import OutputCapture
from tidings_local.lambda_host.runtime_api import RuntimeApi
from tidings_local.lambda_host.signals import Exited, Signals

logger = logging.getLogger(__name__)

END_LIMIT_SECONDS = 5.0


class RuntimeProcess:
    """Everything that happens to the process arrives on `signals`, its end as the last."""

    def __init__(self, guard: OrphanGuard) -> None:
        self.signals: Signals = SimpleQueue()
        self.api = RuntimeApi(self.signals)
        self.output = OutputCapture()
        self._guard = guard
        self._process: subprocess.Popen[bytes]
        self._close_lock = Lock()
        self._closed = False
        self._waiter = Thread(target=self._await_end, name="lambda-process", daemon=True)

    def start(self, command: Sequence[str], cwd: Path, variables: Mapping[str, str]) -> None:
        try:
            self._process = self._spawn(command, cwd, variables)
        except OSError:
            self._release()
            raise
        self._guard.watch(self.pid)
        self.output.started()
        self._waiter.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Asks the kernel, so that a process killed a moment ago is never taken for a warm one."""
        if self._process.returncode is not None:
            return False
        try:
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        except ChildProcessError:
            return False

    def kill(self) -> None:
        """Ends the process and all it started, also what left its process group."""
        descendants = _descendants(self.pid) if self.alive else []
        self._kill_group()
        for each in descendants:
            _kill(each)

    def close(self) -> None:
        """Kills what still runs and frees what was held for it."""
        with self._close_lock:
            if self._closed:
                return
            self._closed = True
        self.kill()
        self.join(END_LIMIT_SECONDS)
        self._release()

    def join(self, limit_seconds: float) -> None:
        self._waiter.join(limit_seconds)
        if self._waiter.is_alive():
            logger.error("process does not end", extra={"pid": self.pid})

    def _spawn(
        self, command: Sequence[str], cwd: Path, variables: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            cwd=cwd,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=self.output.write_fd,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a process group of its own, that can be ended as one
        )

    def _release(self) -> None:
        self.api.close()
        self.output.close()

    def _await_end(self) -> None:
        code = self._process.wait()
        self._kill_group()  # children of a runtime that ended have nobody left to answer to
        self._guard.forget(self.pid)
        self.signals.put(Exited(code))

    def _kill_group(self) -> None:
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            logger.debug("process group ended already", extra={"pid": self.pid})


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        logger.debug("descendant ended already", extra={"pid": process.pid})
