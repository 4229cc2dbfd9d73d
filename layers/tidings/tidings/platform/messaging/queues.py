"""The depth of each queue, asked over AMQP, so that only the broker's address is needed."""

from collections.abc import Sequence
from typing import NamedTuple

from tidings.platform.messaging.broker import publisher
from tidings.platform.messaging.queue_names import QUEUES, RETRY_DELAYS_SECONDS


class QueueDepth(NamedTuple):
    """The number of waiting messages and of consumers."""

    messages: int
    consumers: int


def retry_queue(seconds: int) -> str:
    """Return the name of a retry queue, and of the exchange in front of it."""
    return f"retry.{seconds}s"


def queue_depths() -> dict[str, QueueDepth | None]:
    """Return the depth of every queue; None for a queue that does not exist.

    Raises:
        BrokerUnavailable: RabbitMQ did not answer.
    """
    return depths_of((*QUEUES, *map(retry_queue, RETRY_DELAYS_SECONDS)))


def depths_of(queues: Sequence[str]) -> dict[str, QueueDepth | None]:
    """Return the depth of these queues; None for a queue that does not exist.

    Raises:
        BrokerUnavailable: RabbitMQ did not answer.
    """
    looked = publisher().look_at(queues)
    return {name: None if found is None else QueueDepth(*found) for name, found in looked.items()}


def ping_broker() -> None:
    """Check that RabbitMQ answers.

    Raises:
        BrokerUnavailable: RabbitMQ did not answer.
    """
    publisher().ping()
