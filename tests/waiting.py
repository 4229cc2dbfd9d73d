"""Waiting for a condition with a limit, never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

SHARE = 0.15
"""How much longer than necessary a test may wait: a look each 50 ms slowed down what it waited
for, and a wait is rarely so short that this matters."""
SHORTEST_PAUSE, LONGEST_PAUSE = 0.02, 0.25


def eventually(condition: Callable[[], Result], *, seconds: float = 60.0, what: str = "") -> Result:
    """Return the condition's first truthy result.

    Raises:
        AssertionError: it did not come within so many seconds.
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
