"""The limits for rendering one message."""

import time
from typing import Final

from tidings.templates.errors import OutputTooLarge, RenderingTooSlow

MAX_CHARACTERS: Final = 300_000
MAX_ROUNDS: Final = 2_000
# Processor time of this thread, so that a busy or frozen machine does not break a message.
MAX_SECONDS: Final = 0.5


class Budget:
    """The remaining budget of one message, for all its parts together."""

    def __init__(self) -> None:
        self._characters = MAX_CHARACTERS
        self._rounds = MAX_ROUNDS
        self._until = time.thread_time() + MAX_SECONDS

    def spend_characters(self, count: int) -> None:
        """Count output.

        Raises:
            OutputTooLarge: there is too much output.
            RenderingTooSlow: rendering took too long.
        """
        self._characters -= count
        if self._characters < 0:
            raise OutputTooLarge
        self.check_time()

    def spend_round(self) -> None:
        """Count one iteration of a loop.

        Raises:
            RenderingTooSlow: there are too many iterations, or rendering took too long.
        """
        self._rounds -= 1
        if self._rounds < 0:
            raise RenderingTooSlow
        self.check_time()

    def check_time(self) -> None:
        """Check the time limit.

        Raises:
            RenderingTooSlow: rendering took too long.
        """
        if time.thread_time() > self._until:
            raise RenderingTooSlow
