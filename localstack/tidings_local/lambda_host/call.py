"""One call: initialise a new environment, invoke the function, and write the log."""

import time
from dataclasses import dataclass

from tidings_local.lambda_host import faults
from tidings_local.lambda_host.environment import Answer, Environment
from tidings_local.lambda_host.function import Invocation, Outcome
from tidings_local.lambda_host.report import Report, init_report_line, render

INIT_LIMIT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Init:
    output: str = ""
    milliseconds: float | None = None
    spent_seconds: float = 0.0  # part of the invocation's time, when init had to start again
    failure: Answer | None = None


_NONE = _Init()


async def perform(environment: Environment, invocation: Invocation) -> Outcome:
    """Run the call. Raises EnvironmentGoneError if the process ended before it read the event."""
    init = _NONE if environment.started else await _initialise(environment, invocation)
    started = time.monotonic()
    timeout = environment.function.timeout_seconds - init.spent_seconds
    answer = init.failure or await environment.invoke(invocation, timeout)
    elapsed = time.monotonic() - started + init.spent_seconds
    return _outcome(environment, invocation, init, answer, elapsed)


async def _initialise(environment: Environment, invocation: Invocation) -> _Init:
    """Initialise: AWS allows 10 seconds, then repeats init within the function's own timeout."""
    started = time.monotonic()
    failure = await environment.initialise(INIT_LIMIT_SECONDS, invocation.request_id)
    milliseconds = (time.monotonic() - started) * 1000
    output = environment.take_output()
    if failure is None:
        return _Init(output, milliseconds)
    if failure.fault is not None:
        output += init_report_line(milliseconds, failure.fault) + "\n"
    if failure.fault is None or failure.fault.status != "timeout":
        return _Init(output, milliseconds, failure=failure)
    return await _initialise_again(environment, invocation, output)


async def _initialise_again(environment: Environment, invocation: Invocation, output: str) -> _Init:
    started = time.monotonic()
    limit = environment.function.timeout_seconds
    failure = await environment.initialise(limit, invocation.request_id)
    spent = time.monotonic() - started
    return _Init(output + environment.take_output(), None, spent, failure)


def _outcome(
    environment: Environment,
    invocation: Invocation,
    init: _Init,
    answer: Answer,
    elapsed_seconds: float,
) -> Outcome:
    function = environment.function
    report = Report(
        request_id=invocation.request_id,
        version=function.version,
        duration_ms=elapsed_seconds * 1000,
        memory_mb=function.memory_mb,
        used_mb=environment.used_mb,
        init_ms=init.milliseconds if init.failure is None else None,
        fault=answer.fault,
    )
    return Outcome(
        request_id=invocation.request_id,
        payload=answer.payload,
        is_error=answer.is_error,
        logs=render(report, init_output=init.output, output=environment.take_output()),
        duration_ms=report.duration_ms,
        init_ms=report.init_ms,
        error_type=None if answer.fault is None else answer.fault.error_type,
        log_stream=environment.log_stream,
    )


def failed(invocation: Invocation) -> Outcome:
    """Return the outcome if no environment lived long enough to read the event."""
    fault = faults.exited(invocation.request_id, 0)
    return Outcome(
        request_id=invocation.request_id,
        payload=fault.payload(),
        is_error=True,
        logs="",
        error_type=fault.error_type,
    )
