"""RabbitMQ as an operator sees it, and as a broken producer uses it."""

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import pika

from tests.settings import stack_under_test

DEAD_LETTERS: Final = "failed-messages"


def depths() -> dict[str, int]:
    """Return how many messages each queue holds, in flight or waiting."""
    with _management() as api:
        answer = api.get(
            "/api/queues", params={"disable_stats": "true", "enable_queue_totals": "true"}
        )
        answer.raise_for_status()
        return {each["name"]: int(each.get("messages", 0)) for each in answer.json()}


def waiting() -> int:
    """Return how many messages are still on their way; the dead letters have arrived."""
    return sum(count for name, count in depths().items() if name != DEAD_LETTERS)


def publish(messages: Iterable[tuple[str, str, bytes, dict[str, Any]]]) -> None:
    """Publish (exchange, routing key, body, properties) as they are, with confirms."""
    with pika.BlockingConnection(pika.URLParameters(stack_under_test().amqp_url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        for exchange, key, body, properties in messages:
            channel.basic_publish(exchange, key, body, pika.BasicProperties(**properties))


def _management() -> httpx.Client:
    parts = urlsplit(stack_under_test().rabbitmq_api_url)
    login = (parts.username or "", parts.password or "")
    base = f"{parts.scheme}://{parts.hostname}:{parts.port}"
    return httpx.Client(base_url=base, auth=login, timeout=10, trust_env=False)
