"""Read the state of RabbitMQ, as an operator can."""

from typing import Final
from urllib.parse import urlsplit

import httpx

from tests.settings import stack_under_test

UNREADABLE: Final = "unreadable-messages"


def depths() -> dict[str, int]:
    """Return the number of messages of each queue, in flight or waiting."""
    with _management() as api:
        answer = api.get(
            "/api/queues", params={"disable_stats": "true", "enable_queue_totals": "true"}
        )
        answer.raise_for_status()
        return {each["name"]: int(each.get("messages", 0)) for each in answer.json()}


def waiting() -> int:
    """Return the number of messages that are not handled yet, without the unreadable ones."""
    return sum(count for name, count in depths().items() if name != UNREADABLE)


def unreadable() -> int:
    """Return the number of messages so far that no function could receive."""
    return depths()[UNREADABLE]


def _management() -> httpx.Client:
    parts = urlsplit(stack_under_test().rabbitmq_api_url)
    login = (parts.username or "", parts.password or "")
    base = f"{parts.scheme}://{parts.hostname}:{parts.port}"
    return httpx.Client(base_url=base, auth=login, timeout=10, trust_env=False)
