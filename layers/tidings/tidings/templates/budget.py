"""How much one message may cost to make."""

import time
from typing import Final

from tidings.templates.errors import OutputTooLarge, RenderingTooSlow

MAX_CHARACTERS: Final = 300_000
MAX_ROUNDS: Final = 2_000
# Of this thread's processor time: a busy or frozen machine breaks no message.
MAX_SECONDS: Final = 0.5


class Budget:
    """What is left for one message, all its parts together."""

    def __init__(self) -> None:
        self._characters = MAX_CHARACTERS
        self._rounds = MAX_ROUNDS
        self._until = time.thread_time() + MAX_SECONDS

    def spend_characters(self, count: int) -> None:
        """Count output.

        Raises:
            OutputTooLarge: there is too much of it.
            RenderingTooSlow: it took too long to come here.
        """
        self._characters -= count
        if self._characters < 0:
            raise OutputTooLarge
        self.check_time()

    def spend_round(self) -> None:
        """Count one round of a loop.

        Raises:
            RenderingTooSlow: there are too many, or it took too long to come here.
        """
        self._rounds -= 1
        if self._rounds < 0:
            raise RenderingTooSlow
        self.check_time()

    def check_time(self) -> None:
        """Go on while there is time.

        Raises:
            RenderingTooSlow: there is none left.
        """
        if time.thread_time() > self._until:
            raise RenderingTooSlow
