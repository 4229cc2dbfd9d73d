"""A message that cannot be handled, from its queue to its discarding by an operator."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pika
import pytest
from pika.adapters.blocking_connection import BlockingChannel

from tests.e2e.shop import Shop
from tests.settings import stack_under_test
from tests.waiting import eventually


@pytest.fixture
def channel() -> Iterator[BlockingChannel]:
    connection = pika.BlockingConnection(pika.URLParameters(stack_under_test().amqp_url))
    yield connection.channel()
    connection.close()


def failed(admin: Shop, **filters: str) -> list[dict[str, Any]]:
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    answer = admin.rest("GET", f"/monitoring/failed-messages?{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


def test_malformed_message_is_found_redriven_and_discarded(
    admin: Shop, channel: BlockingChannel
) -> None:
    message_id, address = uuid4().hex, f"{uuid4().hex}@example.com"
    properties = pika.BasicProperties(message_id=message_id, delivery_mode=2)
    channel.basic_publish("", "inventory", f"no event of {address}".encode(), properties)

    (found,) = eventually(lambda: failed(admin, message_id=message_id))
    assert (found["queue"], found["state"]) == ("inventory", "failed")
    assert address not in str(found)

    wish = {"ids": [found["id"]], "dry_run": True}
    report = admin.rest("POST", "/monitoring/failed-messages/redrive", wish).json()["data"]
    assert report["outcomes"] == [{"outcome": "malformed", "messages": 1}]

    wish = {"ids": [found["id"]], "reason": "Once more."}
    report = admin.rest("POST", "/monitoring/failed-messages/redrive", wish).json()["data"]
    assert (report["accepted"], report["sent"]) == (1, 1)
    again = eventually(
        lambda: [
            each
            for each in failed(admin, message_id=message_id, state="failed")
            if len(each["history"]) == 3
        ],
    )
    assert [each["function"] for each in again[0]["history"]][1] == "redrive"

    path = f"/monitoring/failed-messages/{found['id']}?reason=Nobody+needs+it."
    assert admin.rest("DELETE", path).json()["data"]["state"] == "discarded"


def test_queues_metrics_and_health_are_reported(admin: Shop, shop: Shop) -> None:
    queues = admin.rest("GET", "/monitoring/queues").json()["data"]
    assert {each["name"] for each in queues} >= {"inventory", "orders", "failed-messages"}
    # The bridge consumes nothing of a queue for a moment after a failure, and a service that
    # answers late counts as down.
    eventually(lambda: unconsumed(admin) <= {"retry", "unreadable"}, what="consumers")
    eventually(lambda: 'tidings_up{service="rabbitmq"} 1.0' in metrics(shop), what="RabbitMQ")
    assert "tidings_invocations_total" in metrics(shop)
    eventually(lambda: health(shop) == "HEALTHY", what="health")


def unconsumed(admin: Shop) -> set[str]:
    """Return the first words of the names of queues without a consumer."""
    queues = admin.rest("GET", "/monitoring/queues").json()["data"]
    return {re.split(r"\W", each["name"])[0] for each in queues if not each["consumers"]}


def metrics(shop: Shop) -> str:
    return shop.http.get(f"{shop.api_url}/metrics").text


def health(shop: Shop) -> str:
    found = shop.graphql("{ getServiceHealth { status services { name up } } }")
    return str(found["getServiceHealth"]["status"])
