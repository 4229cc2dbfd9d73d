"""A bound for the refusals that one caller can write into the audit trail.

It is counted in each environment of a function, without Redis: a refusal must not need another
service, and the bound need not be exact.
"""

import time
from collections import Counter
from collections.abc import Callable

SECONDS = 60.0


class Budget:
    """A number of times for each subject in each minute of a process."""

    def __init__(self, times: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._times = times
        self._clock = clock
        self._begun = clock()
        self._taken: Counter[str] = Counter()

    def allows(self, subject: str) -> bool:
        """Count one time for a subject; return False beyond the number."""
        if self._clock() - self._begun >= SECONDS:
            self._begun = self._clock()
            self._taken.clear()
        self._taken[subject] += 1
        return self._taken[subject] <= self._times
