"""Control the stack's supervisord over its Unix socket."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

import psutil
from supervisor.xmlrpc import SupervisorTransport

from ..errors import LauncherError
from ..settings import Settings, inherited_environment
from .ports import is_free
from .stack import Stack, find_stack
from .supervisor_config import STACK_MARK

START_SECONDS = 60
STOP_SECONDS = 60


@dataclass(frozen=True)
class ProcessState:
    name: str
    state: str
    pid: int
    started: float

    @property
    def running(self) -> bool:
        return self.state in {"RUNNING", "STARTING"}

    @property
    def died(self) -> bool:
        return self.state in {"BACKOFF", "EXITED", "FATAL"}


def find_running(settings: Settings) -> Stack:
    """Return the running stack of these settings.

    Raises:
        LauncherError: it does not run.
    """
    stack = find_stack(settings)
    if not is_running(stack, settings):
        raise LauncherError(f"stack {stack.name} is not running", hint="make up")
    return stack


def is_running(stack: Stack, settings: Settings) -> bool:
    if settings.engine == "docker":
        return not is_free(stack.ports.public)
    return Supervisor(stack).answers()


class Supervisor:
    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._config = stack.etc / "supervisord.conf"

    def answers(self) -> bool:
        try:
            self._rpc().getState()
        except (OSError, Fault):
            return False
        return True

    def start(self, config: str) -> None:
        """Start supervisord; its programs start on request."""
        self._write(config)
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._config)]
        mark = {STACK_MARK: str(self._stack.folder)}
        done = subprocess.run(
            command,
            cwd=self._stack.run,
            env=inherited_environment() | mark,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode or not self._wait_until(running=True, seconds=START_SECONDS):
            problem = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise LauncherError(
                "supervisord does not start", hint=" ".join(problem), log=self._log()
            )

    def apply(self, config: str) -> None:
        """Stop removed and changed programs, and add new ones.

        supervisord compares the file with what it runs, so that this completes an interrupted
        change, too.
        """
        self._write(config)
        added, changed, removed = self._rpc().reloadConfig()[0]
        for name in [*changed, *removed]:
            self._rpc().stopProcessGroup(name)
            self._rpc().removeProcessGroup(name)
        for name in [*added, *changed]:
            self._rpc().addProcessGroup(name)

    def states(self) -> dict[str, ProcessState]:
        found = [_state_of(info) for info in self._rpc().getAllProcessInfo()]
        return {state.name: state for state in found}

    def start_program(self, name: str) -> None:
        with contextlib.suppress(Fault):  # it runs already, or ended at once: its state shows which
            self._rpc().startProcess(name, False)

    def stop_program(self, name: str) -> None:
        with contextlib.suppress(Fault):
            self._rpc().stopProcess(name, True)

    def shutdown(self) -> None:
        pid = self._pid()
        self._stop_programs()
        self._rpc().shutdown()
        self._wait_until(running=False, seconds=STOP_SECONDS)
        with contextlib.suppress(psutil.Error):
            psutil.Process(pid).wait(STOP_SECONDS)

    def _stop_programs(self) -> None:
        """Stop all programs at the same time; supervisord itself stops one after another.

        Two are stopped separately: the bridge first, which finishes its batches, and epmd last,
        which RabbitMQ uses until its end.
        """
        self.stop_program("bridge")
        others = self.states().keys() - {"bridge", "epmd"}
        for name in others:
            with contextlib.suppress(Fault):
                self._rpc().stopProcess(name, False)
        limit = time.monotonic() + STOP_SECONDS
        while time.monotonic() < limit and self._any_alive(others):
            time.sleep(0.1)
        self.stop_program("epmd")

    def _any_alive(self, names: Set[str]) -> bool:
        return any(state.pid for name, state in self.states().items() if name in names)

    def _pid(self) -> int:
        return int(self._rpc().getPID())

    def _rpc(self) -> Any:
        socket = f"unix://{self._stack.supervisor_socket}"
        transport = SupervisorTransport(None, None, socket)
        return ServerProxy("http://127.0.0.1", transport=transport).supervisor

    def _write(self, config: str) -> None:
        draft = self._config.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        draft.write_text(config)
        draft.replace(self._config)

    def _log(self) -> Path:
        return self._stack.logs / "supervisord.log"

    def _wait_until(self, *, running: bool, seconds: float) -> bool:
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            if self.answers() == running:
                return True
            time.sleep(0.05)
        return False


def _state_of(info: dict[str, Any]) -> ProcessState:
    return ProcessState(info["name"], info["statename"], info["pid"], float(info["start"]))
