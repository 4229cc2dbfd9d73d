"""The number of deliveries that are claimed at once: those of about one second of sending."""

from typing import Final

SECONDS: Final = 1.0
AT_MOST: Final = 20


class Pace:
    """The number follows the provider: a process that dies leaves few deliveries in doubt."""

    def __init__(self) -> None:
        self.messages = 1

    def note(self, messages: int, seconds: float) -> None:
        """Note how long the provider took for some messages."""
        if messages:
            fitting = SECONDS * messages / max(seconds, 1e-6)
            self.messages = max(1, min(AT_MOST, int(fitting)))
