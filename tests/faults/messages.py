"""Messages that a broken broker or producer would send."""

import json
import random
import time
from contextlib import closing
from typing import Final, NamedTuple
from uuid import uuid4

import pika
from pika.adapters.blocking_connection import BlockingChannel

from tests.settings import stack_under_test

EXCHANGES: Final = {"user-events": "#"}
TIMES: Final = 2
TRUNCATED: Final = 40
GIANT: Final = 3
# Larger than the payload of one invocation.
GIANT_BYTES: Final = 7 * 2**20
BROKEN_MESSAGES: Final = TRUNCATED + GIANT
QUEUES: Final = ("inventory", "orders", "notifications", "order_updates_queue")


class Copy(NamedTuple):
    """A copy of a published message."""

    exchange: str
    routing_key: str
    body: bytes
    properties: pika.BasicProperties


def repeat_shuffled(seconds: float) -> None:
    """Publish every event twice more, in another order, for some seconds."""
    with closing(_connection()) as connection:
        channel = connection.channel()
        spy = channel.queue_declare("", exclusive=True).method.queue
        for exchange, key in EXCHANGES.items():
            channel.queue_bind(spy, exchange, key)
        seen: set[str] = set()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            _publish_again(channel, _new(_take(channel, spy), seen))
            time.sleep(0.5)


def send_broken() -> None:
    """Send each consumer truncated messages, and some that no function can receive."""
    whole = json.dumps(
        {"specversion": "1.0", "type": "order.placed", "data": {"padding": "x" * 99}}
    )
    giant = b"{" + b" " * GIANT_BYTES + b"}"
    with closing(_connection()) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        for number in range(TRUNCATED):
            _send(channel, number, whole.encode()[: random.randint(0, len(whole) - 1)])
        for number in range(GIANT):
            _send(channel, number, giant)


def _send(channel: BlockingChannel, number: int, body: bytes) -> None:
    properties = pika.BasicProperties(message_id=f"broken-{uuid4()}", delivery_mode=2)
    channel.basic_publish("", QUEUES[number % len(QUEUES)], body, properties)


def _take(channel: BlockingChannel, queue: str) -> list[Copy]:
    taken = []
    while (got := channel.basic_get(queue, auto_ack=True))[0] is not None:
        method, properties, body = got
        taken.append(Copy(method.exchange, method.routing_key, body, properties))
    return taken


def _new(copies: list[Copy], seen: set[str]) -> list[Copy]:
    """Return the copies that are no repetitions of ours, which are copied too."""
    fresh = [each for each in copies if each.properties.message_id not in seen]
    seen.update(str(each.properties.message_id) for each in fresh)
    return fresh


def _publish_again(channel: BlockingChannel, copies: list[Copy]) -> None:
    again = copies * TIMES
    random.shuffle(again)
    for each in again:
        channel.basic_publish(each.exchange, each.routing_key, each.body, each.properties)


def _connection() -> pika.BlockingConnection:
    return pika.BlockingConnection(pika.URLParameters(stack_under_test().amqp_url))
