"""Measure the Lambda host alone: calls a second, duration of a call, and the host's CPU time."""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median, quantiles

import uvloop

from tests.unit.lambda_host.builders import a_function, runtime_python
from tidings_local.lambda_host import Function, Invocation
from tidings_local.lambda_host.host import HostSettings, LambdaHost

SECONDS = 5.0
WARM_UP_SECONDS = 1.0
CALLERS = (1, 8)
ENVIRONMENTS = 4
SOURCES = {
    "nothing": "def handler(event, context):\n    return 1\n",
    "prints five lines": (
        "def handler(event, context):\n    for _ in range(5): print('x' * 200)\n    return 1\n"
    ),
}
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "uvloop": uvloop.new_event_loop,
    "asyncio": asyncio.new_event_loop,
}


@dataclass(frozen=True, slots=True)
class Result:
    milliseconds: list[float]
    seconds: float
    cpu_seconds: float


def main() -> None:
    """Print a Markdown table. Needs no running stack."""
    _row("loop", "the function", "callers", "calls/s", "p50", "p99", "own CPU a call")
    _row(*["---"] * 7)
    for name, new_loop in LOOPS.items():
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(_measure(name))


async def _measure(loop_name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        host = LambdaHost(
            HostSettings(
                interpreter=runtime_python(),
                directory=Path(folder) / "host",
                max_environments=ENVIRONMENTS,
            )
        )
        for what, source in SOURCES.items():
            function = a_function(Path(folder), source, name=what.replace(" ", "-"))
            for callers in CALLERS:
                await _calls(host, function, callers, WARM_UP_SECONDS)
                _show(loop_name, what, callers, await _calls(host, function, callers, SECONDS))
        await host.stop()


async def _calls(host: LambdaHost, function: Function, callers: int, seconds: float) -> Result:
    taken: list[float] = []
    began, end, numbers = time.perf_counter(), time.perf_counter() + seconds, count()

    async def call_again_and_again() -> None:
        while (called := time.perf_counter()) < end:
            invocation = Invocation(payload=b"{}", request_id=f"r-{next(numbers)}")
            outcome = await host.invoke(function, invocation)
            taken.append((time.perf_counter() - called) * 1000)
            assert not outcome.is_error, outcome.payload

    cpu = _own_cpu()
    await asyncio.gather(*(call_again_and_again() for _ in range(callers)))
    return Result(taken, time.perf_counter() - began, _own_cpu() - cpu)


def _own_cpu() -> float:
    """Return the CPU time of this process, without that of the running functions."""
    times = os.times()
    return times.user + times.system


def _show(loop_name: str, what: str, callers: int, result: Result) -> None:
    calls = len(result.milliseconds)
    _row(
        loop_name,
        what,
        callers,
        f"{calls / result.seconds:,.0f}",
        f"{median(result.milliseconds):.2f} ms",
        f"{quantiles(result.milliseconds, n=100)[98]:.2f} ms",
        f"{result.cpu_seconds / calls * 1000:.3f} ms",
    )


def _row(*cells: object) -> None:
    sys.stdout.write(f"| {' | '.join(map(str, cells))} |\n")


if __name__ == "__main__":
    main()
