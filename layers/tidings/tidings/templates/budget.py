"""How much one message may cost to make."""

import time
from typing import Final

from tidings.templates.errors import OutputTooLarge, RenderingTooSlow

MAX_CHARACTERS: Final = 300_000
MAX_REPETITIONS: Final = 2_000
# Of this thread's processor time: a busy or frozen machine breaks no message.
MAX_SECONDS: Final = 0.5


class Budget:
    """What is left for one message, all its parts together."""

    def __init__(self) -> None:
        self._characters = MAX_CHARACTERS
        self._repetitions = MAX_REPETITIONS
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
        self._check_time()

    def spend_repetitions(self, count: int) -> None:
        """Count a loop's rounds before it begins.

        Raises:
            RenderingTooSlow: there are too many, or it took too long to come here.
        """
        self._repetitions -= count
        if self._repetitions < 0:
            raise RenderingTooSlow
        self._check_time()

    def _check_time(self) -> None:
        if time.thread_time() > self._until:
            raise RenderingTooSlow
