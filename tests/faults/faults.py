"""The faults of the stack, and their repair."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.faults import messages, stack
from tests.faults.clock import steps_of_the_clock

HANG_SECONDS: Final = 12.0
# Twice the longest time that a request waits for a service.
SHORT_HANG_SECONDS: Final = 6.0
AWAY_SECONDS: Final = 5.0


def _nothing() -> None:
    """Do nothing: the stack recovers without an operator."""


@dataclass(frozen=True)
class Fault:
    """One fault: its preparation, its start, and its repair.

    `prepare` runs before the load and `inflict` during it; then an operator runs `mend`.
    `dead_letters` is the number of messages that the fault adds to `failed-messages`. A fault that
    other tests cover without load may set `in_every_test` to False.
    """

    name: str
    inflict: Callable[[], None]
    mend: Callable[[], None] = _nothing
    prepare: Callable[[], None] = _nothing
    dead_letters: int = 0
    in_every_test: bool = True


def _killed(service: str) -> Fault:
    return Fault(f"kill -9 {service}", lambda: stack.kill(service), stack.repair)


def _hangs(service: str, seconds: float, *, in_every_test: bool = True) -> Fault:
    """Freeze a service: connections stay open, the kernel accepts new ones, and nothing answers."""

    def hang() -> None:
        stack.freeze(service)
        try:
            time.sleep(seconds)
        finally:
            stack.thaw(service)

    return Fault(f"{service} hangs for {seconds:.0f} s", hang, in_every_test=in_every_test)


def _functions_killed() -> None:
    """Kill a third of the processes that run functions, three times."""
    for _ in range(3):
        for process in stack.function_processes()[::3]:
            process.kill()
        time.sleep(1)


def _runner_killed() -> None:
    """Kill the runner twice; supervisord restarts it."""
    for _ in range(2):
        stack.kill("runner")
        stack.wait_for("runner")
        time.sleep(1)


def _disk_full(seconds: float) -> None:
    """Raise RabbitMQ's disk alarm, which blocks publishers until there is room again."""
    stack.rabbitmqctl("set_disk_free_limit", "900000000MB")
    try:
        time.sleep(seconds)
    finally:
        stack.rabbitmqctl("set_disk_free_limit", "50MB")


def _two_bridges() -> None:
    """Start a second bridge that shares the work; kill the first bridge, then the second."""
    with stack.second_bridge():
        time.sleep(2)
        stack.kill("bridge")
        time.sleep(AWAY_SECONDS)


def faults(seconds: float) -> tuple[Fault, ...]:
    """Return every fault; services hang, and events are repeated, for this number of seconds."""
    return (
        _killed("rabbitmq"),
        _killed("mongodb"),
        _killed("redis"),
        _killed("redis-cache"),
        _killed("localstack"),
        _killed("bridge"),
        Fault("kill -9 runner", _runner_killed),
        Fault("kill -9 functions", _functions_killed),
        _hangs("rabbitmq", seconds),
        _hangs("mongodb", seconds),
        # tests/integration/platform/test_outages.py tests these two.
        _hangs("redis", seconds, in_every_test=False),
        _hangs("redis-cache", seconds, in_every_test=False),
        Fault("RabbitMQ's disk is full", lambda: _disk_full(seconds)),
        Fault("two bridges, one killed, then the other", _two_bridges),
        Fault("every event three times, shuffled", lambda: messages.repeat_shuffled(seconds)),
        Fault(
            "truncated and giant messages",
            messages.send_broken,
            dead_letters=messages.BROKEN_MESSAGES,
        ),
        Fault(
            "functions' clocks step by an hour, both ways",
            steps_of_the_clock.inflict,
            prepare=steps_of_the_clock.prepare,
            mend=steps_of_the_clock.mend,
        ),
    )
