"""Waiting for a condition with a limit, never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def eventually(condition: Callable[[], Result], *, seconds: float = 10.0, what: str = "") -> Result:
    """Return the condition's first truthy result.

    Raises:
        AssertionError: it did not come within so many seconds.
    """
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what or condition}")
        time.sleep(0.05)
