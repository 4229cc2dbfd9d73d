"""One execution environment: a process that is initialised once and then invoked, one at a time."""

import logging
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from queue import Empty

from tidings_local.lambda_host import faults
from tidings_local.lambda_host.errors import EnvironmentGoneError, HostStoppedError
from tidings_local.lambda_host.faults import Fault
from tidings_local.lambda_host.function import Function, Invocation
from tidings_local.lambda_host.memory import MemoryGauge, MemoryWatch
from tidings_local.lambda_host.orphans import OrphanGuard
from tidings_local.lambda_host.process import END_LIMIT_SECONDS, RuntimeProcess
from tidings_local.lambda_host.runtime_api import Offer
from tidings_local.lambda_host.signals import Answered, Exited, InitFailed, Ready, Signal
from tidings_local.lambda_host.variables import process_variables

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the function (or, with a fault, AWS in its place) answers."""

    payload: bytes
    is_error: bool = False
    fault: Fault | None = None

    @classmethod
    def of(cls, fault: Fault) -> "Answer":
        return cls(fault.payload(), is_error=True, fault=fault)


@dataclass(frozen=True, slots=True)
class Platform:
    """What all environments of one host share."""

    interpreter: Path
    scratch_root: Path
    guard: OrphanGuard
    memory: MemoryWatch


class Environment:
    def __init__(self, function: Function, platform: Platform, name: str) -> None:
        self.function = function
        self.started = False
        self.retired = False
        self.idle_since = 0.0
        self._platform = platform
        self._scratch_dir = platform.scratch_root / name
        self._broken = False
        self._stopped = False
        self._process: RuntimeProcess
        self._gauge: MemoryGauge

    @property
    def usable(self) -> bool:
        return self.started and not self._broken and self._process.alive

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def used_mb(self) -> int:
        return self._gauge.peak_mb

    def take_output(self) -> str:
        return self._process.output.take()

    def initialise(self, limit_seconds: float, request_id: str) -> Answer | None:
        """Starts the process and loads the function; an answer only if that failed."""
        deadline = time.monotonic() + limit_seconds
        self._start()
        self._platform.memory.watch(self._gauge)
        try:
            answer = self._load(deadline, limit_seconds, request_id)
        finally:
            self._platform.memory.release(self._gauge)
        if answer is not None:
            self._break()
        return answer

    def invoke(self, invocation: Invocation, limit_seconds: float) -> Answer:
        deadline = time.monotonic() + limit_seconds
        deadline_ms = int((time.time() + limit_seconds) * 1000)
        self._platform.memory.watch(self._gauge)
        try:
            self._process.api.offer(Offer(invocation, self.function.arn, deadline_ms))
            answer = self._answer(invocation, deadline)
        finally:
            self._platform.memory.release(self._gauge)
            self._gauge.sample()  # short calls end between two samples
        if answer.fault is not None:
            self._break()
        return answer

    def stop(self) -> None:
        self._stopped = self._broken = True
        if self.started:
            self._process.close()
        shutil.rmtree(self._scratch_dir, ignore_errors=True)

    def _start(self) -> None:
        if self._stopped:
            raise HostStoppedError
        if self.started:
            self._process.close()
        self._scratch_dir.mkdir(parents=True, exist_ok=True)
        self._process = RuntimeProcess(self._platform.guard)
        interpreter = self._platform.interpreter
        variables = process_variables(
            self.function,
            interpreter=interpreter,
            runtime_api=self._process.api.address,
            scratch_dir=self._scratch_dir,
        )
        command = [str(interpreter), "-m", "awslambdaric", self.function.handler]
        self._process.start(command, self.function.code_dir, variables)
        self.started, self._broken = True, False
        self._gauge = MemoryGauge(self.pid, self.function.memory_mb, self._process.kill)

    def _load(self, deadline: float, limit_seconds: float, request_id: str) -> Answer | None:
        match self._signal(deadline):
            case Ready():
                return None
            case InitFailed(error_type, payload):
                return Answer(payload, is_error=True, fault=Fault(error_type, ""))
            case Exited(code):
                return Answer.of(faults.exited(request_id, code))
            case _:
                return Answer.of(faults.timed_out(request_id, limit_seconds))

    def _answer(self, invocation: Invocation, deadline: float) -> Answer:
        request_id = invocation.request_id
        while True:
            match self._signal(deadline):
                case Ready():  # for the event before this one
                    continue
                case Answered(answered_id) as answer if answered_id == request_id:
                    return _answer_of(answer)
                case Exited() if not self._process.api.event_was_read():
                    raise EnvironmentGoneError
                case Exited(code):
                    return Answer.of(faults.exited(request_id, code))
                case None:
                    return Answer.of(faults.timed_out(request_id, self.function.timeout_seconds))

    def _signal(self, deadline: float) -> Signal | None:
        try:
            return self._process.signals.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            return None

    def _break(self) -> None:
        """Ends the process, and waits for its end: what it printed last is in the pipe then."""
        self._broken = True
        self._process.kill()
        self._process.join(END_LIMIT_SECONDS)


def _answer_of(answer: Answered) -> Answer:
    if answer.too_large:
        return Answer.of(faults.response_too_large())
    return Answer(answer.payload, is_error=answer.is_error)
