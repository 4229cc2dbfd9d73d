"""The yardstick of consumers: it inserts a document for each message and acknowledges each."""

import json
import time
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import uuid4

import pika
import pymongo

BODY_CHARACTERS = 600
"""About as much as a stored notification."""
PREFETCH = 50


@dataclass(frozen=True)
class Plain:
    """What a plain consumer needed."""

    per_second: float
    cpu_ms: float
    """For one message, in its own process."""


def measure_plain_consumer(amqp_url: str, mongodb_uri: str, messages: int) -> Plain:
    """Publish messages to a queue of our own, and consume them: one insert and one ack each.

    The collection has no index of its own, and writes are acknowledged as ours are.
    """
    name = f"plain-{uuid4().hex}"
    client = pymongo.MongoClient[dict[str, Any]](mongodb_uri, w="majority", journal=True)
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    try:
        channel = connection.channel()
        channel.queue_declare(name, durable=True)
        for number in range(messages):
            body = json.dumps({"number": number, "text": "x" * BODY_CHARACTERS})
            channel.basic_publish("", name, body.encode(), pika.BasicProperties(delivery_mode=2))
        channel.basic_qos(prefetch_count=PREFETCH)
        begun, cpu = time.monotonic(), time.process_time()
        _consume(channel, name, client["tidings_bench"][name], messages)
        seconds, cpu = time.monotonic() - begun, time.process_time() - cpu
        channel.queue_delete(name)
    finally:
        connection.close()
        client["tidings_bench"].drop_collection(name)
        client.close()
    return Plain(messages / seconds, 1000 * cpu / messages)


def _consume(channel: Any, queue: str, collection: Any, messages: int) -> None:
    for method, _, body in islice(channel.consume(queue), messages):
        collection.insert_one(json.loads(body))
        channel.basic_ack(method.delivery_tag)
    channel.cancel()
