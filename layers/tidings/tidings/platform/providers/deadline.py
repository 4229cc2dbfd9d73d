"""One time limit for all calls that one message makes to a provider."""

import time
from typing import Final, Self

from tidings.platform.providers.failures import TIMEOUT, TemporaryFailure

# A consumer's batch has many messages, so none may take longer than this.
MESSAGE_SECONDS: Final = 10.0
CONNECT_SECONDS: Final = 3.0
ANSWER_SECONDS: Final = 5.0


class Deadline:
    """The time at which to give up."""

    def __init__(self, at: float) -> None:
        self._at = at

    @classmethod
    def after(cls, seconds: float = MESSAGE_SECONDS) -> Self:
        return cls(time.monotonic() + seconds)

    def left(self, at_most: float = MESSAGE_SECONDS) -> float:
        """Return the seconds that the next step may take, at most `at_most`.

        Raises:
            TemporaryFailure: no time is left.
        """
        seconds = self._at - time.monotonic()
        if seconds <= 0:
            raise TemporaryFailure(TIMEOUT, "the time limit was reached")
        return min(seconds, at_most)

    def allows(self, seconds: float) -> bool:
        """Say whether so much time is left."""
        return self._at - time.monotonic() >= seconds
