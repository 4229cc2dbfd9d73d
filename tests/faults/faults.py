"""What is done to the stack, and how it is mended."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.faults import stack

HANG_SECONDS: Final = 12.0
AWAY_SECONDS: Final = 5.0


def _nothing() -> None:
    """It mends itself."""


@dataclass(frozen=True)
class Fault:
    """`inflict` does it under load; `mend` is what an operator then does."""

    name: str
    inflict: Callable[[], None]
    mend: Callable[[], None] = _nothing


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
    stack.rabbitmqctl("set_disk_free_limit", "1000TB")
    try:
        time.sleep(HANG_SECONDS)
    finally:
        stack.rabbitmqctl("set_disk_free_limit", "50MB")


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
)
