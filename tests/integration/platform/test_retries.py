"""A message that fails, through RabbitMQ's own retry and dead-letter queues."""

import json
import time

import pytest

from tests.integration.builders import CONTEXT, Queues, an_order
from tests.waiting import eventually
from tidings.orders.events import OrderPlaced
from tidings.platform.context import correlated
from tidings.platform.entry import consumer as frame
from tidings.platform.entry.consumer import consumer
from tidings.platform.messaging.relay import publish_stored


@consumer(OrderPlaced)
def fails(event: OrderPlaced) -> None:
    raise LookupError(f"no luck with {event.data.order_id}")


@pytest.fixture(autouse=True)
def one_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame, "RETRY_DELAYS_SECONDS", (1,))


def test_failed_message_returns_and_ends_with_its_history(queues: Queues) -> None:
    with correlated("request-7"):
        order = an_order()
    publish_stored()
    first = queues.take("inventory", 1)

    failed_at = time.monotonic()
    fails(queues.event_of("inventory", first), CONTEXT)
    (back,) = eventually(lambda: queues.take_all("inventory"), what="the retry")
    assert time.monotonic() - failed_at >= frame.LEAST_OF_DELAY  # of one second
    assert (back.body, back.message_id, back.correlation_id) == (
        first[0].body,
        first[0].message_id,
        "request-7",
    )

    fails(queues.event_of("inventory", [back]), CONTEXT)
    (dead,) = queues.take("failed-messages", 1)
    assert dead.body == first[0].body
    assert dead.correlation_id == "request-7"
    assert dead.headers["tidings-queue"] == "inventory"
    history = json.loads(dead.headers["tidings-history"])
    assert [attempt["error"] for attempt in history] == [
        f"LookupError: no luck with {order.id}",
        f"LookupError: no luck with {order.id}",
    ]
    assert history[0]["at"] < history[1]["at"]


def test_malformed_message_is_dead_at_once(queues: Queues) -> None:
    queues.channel.basic_publish("", "inventory", b"\xff no event")
    messages = queues.take("inventory", 1)
    fails(queues.event_of("inventory", messages), CONTEXT)
    (dead,) = queues.take("failed-messages", 1)
    assert dead.body == b"\xff no event"
    assert "Malformed" in dead.headers["tidings-history"]


def test_failing_message_does_not_stop_the_others(queues: Queues) -> None:
    orders = [an_order() for _ in range(3)]
    publish_stored()
    handled: list[str] = []

    @consumer(OrderPlaced)
    def handler(event: OrderPlaced) -> None:
        if event.subject == orders[1].id:
            raise LookupError
        handled.append(event.subject)

    handler(queues.event_of("inventory", queues.take("inventory", 3)), CONTEXT)
    assert handled == [orders[0].id, orders[2].id]
    (back,) = eventually(lambda: queues.take_all("inventory"), what="the retry")
    assert back.event["subject"] == orders[1].id
