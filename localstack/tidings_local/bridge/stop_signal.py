"""A stop request with a time limit for the work in progress."""

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
        """Request a stop; of repeated requests the shorter limit applies."""
        self._deadline = min(self._deadline, time.monotonic() + drain_seconds)
        self._event.set()

    def wait(self, seconds: float) -> bool:
        """Wait this long, or until a stop is requested."""
        return self._event.wait(seconds)
