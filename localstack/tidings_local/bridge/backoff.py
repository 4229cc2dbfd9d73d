"""Compute the wait after the n-th failure in a row."""

import random
from collections.abc import Callable


class Backoff:
    """Doubles from `first` to `longest` seconds, with jitter so that bridges differ."""

    def __init__(
        self, first: float, longest: float, chance: Callable[[], float] = random.random
    ) -> None:
        self._first = first
        self._longest = longest
        self._chance = chance
        self._failures = 0

    def next(self, at_most: float | None = None) -> float:
        """Return the seconds to wait now, from half of the full delay to all of it."""
        longest = self._longest if at_most is None else min(self._longest, at_most)
        # 2.0**64 is longer than any delay; an exponent over 1023 would raise.
        delay = min(longest, self._first * 2.0 ** min(self._failures, 64))
        self._failures += 1
        return delay * (0.5 + self._chance() / 2)

    def reset(self) -> None:
        self._failures = 0
