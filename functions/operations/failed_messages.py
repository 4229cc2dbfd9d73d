"""Consumer of the queue `failed-messages`: keeps dead letters where operators find them."""

from collections.abc import Sequence

from tidings.operations.failed_messages import store_failed_messages
from tidings.platform.dead_letters import DeadLetter, dead_letter_consumer


@dead_letter_consumer
def handler(letters: Sequence[DeadLetter]) -> None:
    store_failed_messages(letters)
