"""The depth of each queue, asked over AMQP, so that only the broker's address is needed."""

from typing import Final, NamedTuple

from tidings.platform.messaging.broker import publisher

# infra/rabbitmq/topology.yaml declares the queues; a test compares the two.
QUEUES: Final = (
    "inventory",
    "orders",
    "notifications",
    "order_updates_queue",
    "order_statuses.queue",
    "campaigns.queue",
    "recommendations",
    "recommendations.refresh",
    "email.queue",
    "email.urgent.queue",
    "push.queue",
    "push.urgent.queue",
    "sms.queue",
    "webhook.queue",
    "erasure",
    "followers",
    "failed-messages",
    "unreadable-messages",
)
RETRY_QUEUES: Final = ("retry.1s", "retry.5s", "retry.25s", "retry.120s", "retry.600s")


class QueueDepth(NamedTuple):
    """The number of waiting messages and of consumers."""

    messages: int
    consumers: int


def queue_depths() -> dict[str, QueueDepth | None]:
    """Return the depth of every queue; None for a queue that does not exist.

    Raises:
        BrokerUnavailable: RabbitMQ did not answer.
    """
    looked = publisher().look_at((*QUEUES, *RETRY_QUEUES))
    return {name: None if found is None else QueueDepth(*found) for name, found in looked.items()}


def ping_broker() -> None:
    """Check that RabbitMQ answers.

    Raises:
        BrokerUnavailable: RabbitMQ did not answer.
    """
    publisher().ping()
