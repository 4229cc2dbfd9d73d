"""Consumer of the queue `failed-messages`: stores dead letters for operators."""

from collections.abc import Sequence

from tidings.monitoring.failed_messages import store_failed_messages
from tidings.platform.entry.dead_letter_consumer import dead_letter_consumer
from tidings.platform.messaging.dead_letters import DeadLetter


@dead_letter_consumer
def handler(letters: Sequence[DeadLetter]) -> None:
    store_failed_messages(letters)
