"""A request to stop that also says how long what is under way may still take."""

import threading
import time


class StopSignal:
    def __init__(self) -> None:
        self._event = threading.Event()
        self._deadline = float("inf")

    @property
    def requested(self) -> bool:
        return self._event.is_set()

    @property
    def expired(self) -> bool:
        return time.monotonic() >= self._deadline

    def request(self, drain_seconds: float) -> None:
        """May be asked again: the shorter limit holds."""
        self._deadline = min(self._deadline, time.monotonic() + drain_seconds)
        self._event.set()

    def wait(self, seconds: float) -> bool:
        """Waits, but no longer than until somebody asks to stop."""
        return self._event.wait(seconds)
