"""The waiting time after failures."""

from typing import Final

TIMES_AS_LONG: Final = 600
"""How many times as long each wait is in these tests."""


def as_deployed(seconds: int) -> int:
    """Return how long the wait is without these tests; it may have begun a while ago."""
    return round(seconds / TIMES_AS_LONG)
