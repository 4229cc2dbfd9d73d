"""A message that cannot be handled, from its queue to its discarding by an operator."""

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

    (found,) = eventually(lambda: failed(admin, message_id=message_id), seconds=30)
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
        seconds=30,
    )
    assert [each["function"] for each in again[0]["history"]][1] == "redrive"

    path = f"/monitoring/failed-messages/{found['id']}?reason=Nobody+needs+it."
    assert admin.rest("DELETE", path).json()["data"]["state"] == "discarded"


def test_queues_metrics_and_health_are_reported(admin: Shop, shop: Shop) -> None:
    queues = admin.rest("GET", "/monitoring/queues").json()["data"]
    assert {each["name"] for each in queues} >= {"inventory", "orders", "failed-messages"}
    unconsumed = {each["name"] for each in queues if not each["consumers"]}
    assert all(name.startswith(("retry", "unreadable")) for name in unconsumed)
    text = shop.http.get(f"{shop.api_url}/metrics").text
    assert 'tidings_up{service="rabbitmq"} 1.0' in text
    assert "tidings_invocations_total" in text
    health = shop.graphql("{ getServiceHealth { status services { name up } } }")
    assert health["getServiceHealth"]["status"] == "HEALTHY"
