"""The queues as the broker sees them, asked over AMQP: no address but the broker's is needed."""

from typing import Final, NamedTuple

from tidings.platform.broker import publisher

# infra/rabbitmq/topology.yaml declares them; a test compares.
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
    """How many messages wait, and how many consumers take them."""

    messages: int
    consumers: int


def queue_depths() -> dict[str, QueueDepth | None]:
    """Return the depth of every queue, None where there is no such queue.

    Raises:
        BrokerUnavailable: RabbitMQ did not answer.
    """
    looked = publisher().look_at((*QUEUES, *RETRY_QUEUES))
    return {name: None if found is None else QueueDepth(*found) for name, found in looked.items()}


def ping_broker() -> None:
    """Ask RabbitMQ for a sign of life.

    Raises:
        BrokerUnavailable: it did not answer.
    """
    publisher().ping()
