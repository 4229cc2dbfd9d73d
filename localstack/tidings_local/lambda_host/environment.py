"""One execution environment: a process that is initialised once and runs one call at a time."""

import asyncio
import shutil
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from tidings_local.lambda_host import faults
from tidings_local.lambda_host.background import Background
from tidings_local.lambda_host.errors import EnvironmentGoneError, HostStoppedError
from tidings_local.lambda_host.faults import Fault
from tidings_local.lambda_host.function import Function, Invocation
from tidings_local.lambda_host.launching import launch
from tidings_local.lambda_host.memory import MemoryGauge, MemoryWatch
from tidings_local.lambda_host.orphans import OrphanGuard
from tidings_local.lambda_host.process import END_LIMIT_SECONDS, RuntimeProcess
from tidings_local.lambda_host.runtime_api import Offer
from tidings_local.lambda_host.signals import Answered, Exited, InitFailed, Ready
from tidings_local.lambda_host.templates import Templates
from tidings_local.lambda_host.variables import process_variables


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of the function, or with a fault the error that AWS would return."""

    payload: bytes
    is_error: bool = False
    fault: Fault | None = None

    @classmethod
    def of(cls, fault: Fault) -> "Answer":
        return cls(fault.payload(), is_error=True, fault=fault)


@dataclass(frozen=True, slots=True)
class Platform:
    """The settings that all environments of one host share."""

    interpreter: Path
    scratch_root: Path
    guard: OrphanGuard
    memory: MemoryWatch
    templates: Templates
    background: Background


class Environment:
    def __init__(self, function: Function, platform: Platform) -> None:
        name = uuid.uuid4().hex
        self.function = function
        self.log_stream = f"{datetime.now(UTC):%Y/%m/%d}/[{function.version}]{name}"
        self.started = False
        self.retired = False
        self.idle_since = 0.0
        self._platform = platform
        self._scratch_dir = platform.scratch_root / name
        self._broken = True
        self._stopped = False
        self._process: RuntimeProcess | None = None
        self._gauge: MemoryGauge | None = None

    @property
    def usable(self) -> bool:
        return not self._broken and not self._started_process.ended

    @property
    def used_mb(self) -> int:
        return 0 if self._gauge is None else self._gauge.peak_mb

    def take_output(self) -> str:
        return self._started_process.output.take()

    async def initialise(self, limit_seconds: float, request_id: str) -> Answer | None:
        """Start the process and load the function; return an answer only if that failed."""
        self._broken = True
        process, gauge = await self._start()
        deadline = time.monotonic() + limit_seconds  # not for a template that is still loading
        self._platform.memory.watch(gauge)
        try:
            answer = await self._load(process, deadline, limit_seconds, request_id)
        finally:
            self._platform.memory.release(gauge)
        if answer is not None:
            await _end(process)
        self._broken = answer is not None
        return answer

    async def invoke(self, invocation: Invocation, limit_seconds: float) -> Answer:
        process, gauge = self._started_process, self._gauge
        assert gauge is not None
        deadline = time.monotonic() + limit_seconds
        deadline_ms = int((time.time() + limit_seconds) * 1000)
        self._broken = True  # until it has answered, even if this is cancelled
        self._platform.memory.watch(gauge)
        try:
            process.api.offer(Offer(invocation, self.function.arn, deadline_ms))
            answer = await self._answer(process, invocation, deadline)
        finally:
            self._platform.memory.release(gauge)
            gauge.sample()  # short calls end between two samples
        if answer.fault is not None:
            await _end(process)
        self._broken = self._stopped or answer.fault is not None
        return answer

    def stop(self) -> None:
        """Kill the process at once; the cleanup continues in the background."""
        if self._stopped:
            return
        self._stopped = self._broken = True
        if self._process is not None:
            self._process.kill()
        self._platform.background.spawn(self._clean_up())

    @property
    def _started_process(self) -> RuntimeProcess:
        assert self._process is not None
        return self._process

    async def _clean_up(self) -> None:
        await self._close()
        await asyncio.to_thread(shutil.rmtree, self._scratch_dir, ignore_errors=True)

    async def _close(self) -> None:
        if self._process is not None:
            await self._process.close()
        if self._gauge is not None:
            self._gauge.close()

    async def _start(self) -> tuple[RuntimeProcess, MemoryGauge]:
        await self._close()
        if self._stopped:
            raise HostStoppedError
        platform, function = self._platform, self.function
        self._scratch_dir.mkdir(parents=True, exist_ok=True)
        process = self._process = RuntimeProcess(platform.guard, platform.background)
        variables = process_variables(
            function,
            interpreter=platform.interpreter,
            runtime_api=process.api.address,
            scratch_dir=self._scratch_dir,
            log_stream=self.log_stream,
        )
        await process.start(
            partial(
                launch,
                function,
                variables,
                interpreter=platform.interpreter,
                templates=platform.templates,
            )
        )
        self.started = True
        gauge = self._gauge = MemoryGauge(process.pid, function.memory_mb, process.kill)
        return process, gauge

    async def _load(
        self, process: RuntimeProcess, deadline: float, limit_seconds: float, request_id: str
    ) -> Answer | None:
        match await process.signals.get(deadline):
            case Ready():
                return None
            case InitFailed(error_type, payload):
                return Answer(payload, is_error=True, fault=Fault(error_type, ""))
            case Exited(code):
                return Answer.of(faults.exited(request_id, code))
            case _:
                return Answer.of(faults.timed_out(request_id, limit_seconds))

    async def _answer(
        self, process: RuntimeProcess, invocation: Invocation, deadline: float
    ) -> Answer:
        request_id = invocation.request_id
        while True:
            match await process.signals.get(deadline):
                case Answered(answered_id) as answer if answered_id == request_id:
                    return _answer_of(answer)
                case Exited(code):
                    was_read = await process.api.event_was_read()
                    last = await process.signals.get(deadline=0.0)
                    if isinstance(last, Answered):  # its end was noticed before its last output
                        return _answer_of(last)
                    if not was_read:
                        raise EnvironmentGoneError
                    return Answer.of(faults.exited(request_id, code))
                case None:
                    return Answer.of(faults.timed_out(request_id, self.function.timeout_seconds))


async def _end(process: RuntimeProcess) -> None:
    """Kill the process and wait for its end, so that its last output is in the pipe."""
    process.kill()
    await process.join(END_LIMIT_SECONDS)


def _answer_of(answer: Answered) -> Answer:
    if answer.too_large:
        return Answer.of(faults.response_too_large())
    return Answer(answer.payload, is_error=answer.is_error)
