"""RabbitMQ as an operator sees it."""

from typing import Final
from urllib.parse import urlsplit

import httpx

from tests.settings import stack_under_test

UNREADABLE: Final = "unreadable-messages"


def depths() -> dict[str, int]:
    """Return how many messages each queue holds, in flight or waiting."""
    with _management() as api:
        answer = api.get(
            "/api/queues", params={"disable_stats": "true", "enable_queue_totals": "true"}
        )
        answer.raise_for_status()
        return {each["name"]: int(each.get("messages", 0)) for each in answer.json()}


def waiting() -> int:
    """Return how many messages are still on their way; the unreadable ones have arrived."""
    return sum(count for name, count in depths().items() if name != UNREADABLE)


def unreadable() -> int:
    """Return how many messages no function could carry so far."""
    return depths()[UNREADABLE]


def _management() -> httpx.Client:
    parts = urlsplit(stack_under_test().rabbitmq_api_url)
    login = (parts.username or "", parts.password or "")
    base = f"{parts.scheme}://{parts.hostname}:{parts.port}"
    return httpx.Client(base_url=base, auth=login, timeout=10, trust_env=False)
