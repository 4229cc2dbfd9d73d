"""Wait for a condition with a limit, and never for a fixed time."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")

SHARE = 0.15
"""The pause between two checks, as a share of the time waited so far: checking every 50 ms slowed
down the awaited work."""
SHORTEST_PAUSE, LONGEST_PAUSE = 0.02, 0.25


def eventually(
    condition: Callable[[], Result], *, seconds: float = 180.0, what: str = ""
) -> Result:
    """Return the condition's first truthy result.

    Raises:
        AssertionError: there was none within this number of seconds.
    """
    began = time.monotonic()
    while True:
        result = condition()
        if result:
            return result
        waited = time.monotonic() - began
        if waited > seconds:
            raise AssertionError(f"not within {seconds} s: {what or condition}")
        time.sleep(min(max(SHORTEST_PAUSE, SHARE * waited), LONGEST_PAUSE))


@contextmanager
def often(call: Callable[[], object], *, seconds: float = 0.1) -> Iterator[None]:
    """Repeat a call in a thread, with this pause after each, until the end of the block."""
    ends = threading.Event()

    def repeat() -> None:
        while not ends.wait(seconds):
            call()

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join(60)


def timed(call: Callable[[], Result]) -> tuple[Result, float]:
    """Return a call's result, and the seconds that it took, as on a machine with nothing else.

    The time in which this thread was ready and the processors ran other programs does not count.
    """
    began, others_began = time.perf_counter(), _seconds_of_others()
    result = call()
    return result, time.perf_counter() - began - (_seconds_of_others() - others_began)


def _seconds_of_others() -> float:
    """Return how long this thread was ready and did not run: Linux tells it, others do not."""
    with suppress(FileNotFoundError):
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    return 0.0
