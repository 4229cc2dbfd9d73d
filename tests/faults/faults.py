"""What is done to the stack, and how it is mended."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.faults import messages, stack
from tests.faults.clock import steps_of_the_clock

HANG_SECONDS: Final = 12.0
AWAY_SECONDS: Final = 5.0


def _nothing() -> None:
    """It mends itself."""


@dataclass(frozen=True)
class Fault:
    """`prepare` is done before the load, `inflict` under it; `mend` is what an operator then does.

    `dead_letters` says how many messages it puts into `failed-messages`.
    """

    name: str
    inflict: Callable[[], None]
    mend: Callable[[], None] = _nothing
    prepare: Callable[[], None] = _nothing
    dead_letters: int = 0


def _killed(service: str) -> Fault:
    return Fault(f"kill -9 {service}", lambda: stack.kill(service), stack.repair)


def _hangs(service: str) -> Fault:
    """Connections stay open, new ones are taken by the kernel, and nothing answers."""

    def hang() -> None:
        stack.freeze(service)
        try:
            time.sleep(HANG_SECONDS)
        finally:
            stack.thaw(service)

    return Fault(f"{service} hangs for {HANG_SECONDS:.0f} s", hang)


def _functions_killed() -> None:
    """Kill a third of the processes that run functions, three times."""
    for _ in range(3):
        for process in stack.function_processes()[::3]:
            process.kill()
        time.sleep(1)


def _disk_full() -> None:
    """RabbitMQ's own alarm: it blocks whoever publishes until there is room again."""
    stack.rabbitmqctl("set_disk_free_limit", "900000000MB")
    try:
        time.sleep(HANG_SECONDS)
    finally:
        stack.rabbitmqctl("set_disk_free_limit", "50MB")


def _two_bridges() -> None:
    """A second bridge shares the work; then the first one is killed, then the second."""
    with stack.second_bridge():
        time.sleep(2)
        stack.kill("bridge")
        time.sleep(AWAY_SECONDS)


FAULTS: Final[tuple[Fault, ...]] = (
    _killed("rabbitmq"),
    _killed("mongodb"),
    _killed("redis"),
    _killed("localstack"),
    _killed("bridge"),
    Fault("kill -9 functions", _functions_killed),
    _hangs("rabbitmq"),
    _hangs("mongodb"),
    _hangs("redis"),
    Fault("RabbitMQ's disk is full", _disk_full),
    Fault("two bridges, one killed, then the other", _two_bridges),
    Fault("every event three times, shuffled", messages.repeat_shuffled),
    Fault(
        "truncated and giant messages", messages.send_broken, dead_letters=messages.BROKEN_MESSAGES
    ),
    Fault(
        "functions' clocks step by an hour, both ways",
        steps_of_the_clock.inflict,
        prepare=steps_of_the_clock.prepare,
        mend=steps_of_the_clock.mend,
    ),
)
