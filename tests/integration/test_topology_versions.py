"""Queues of RabbitMQ 3 on a broker that calls itself RabbitMQ 4."""

from collections.abc import Iterator
from contextlib import closing

import pika
import pytest

from tests.integration.conftest import OwnRabbit
from tests.waiting import eventually
from tidings_local.topology import declare, load, unlimited_returns


@pytest.fixture
def connection(rabbit: OwnRabbit) -> Iterator[pika.BlockingConnection]:
    with closing(pika.BlockingConnection(pika.URLParameters(rabbit.url))) as opened:
        yield opened


def test_queues_of_an_older_version_are_named_and_kept(
    connection: pika.BlockingConnection,
) -> None:
    """The broker of this session has them all; it refuses their declaration with a limit."""
    topology = load()
    limited = declare(connection, topology, version="4.2.0")
    retries = [f"retry.{delay}s" for delay in topology.retry_delays_seconds]
    assert limited == [*topology.queues, *retries]
    assert declare(connection, topology) == []


def test_message_returns_often(connection: pika.BlockingConnection) -> None:
    """Without the argument on RabbitMQ 3, and with it on RabbitMQ 4."""
    name, channel = "returns-often", connection.channel()
    version = connection._impl.server_properties["version"]
    arguments = {"x-queue-type": "quorum"} | unlimited_returns(version)
    channel.queue_declare(name, durable=True, arguments=arguments)
    try:
        channel.confirm_delivery()
        channel.basic_publish("", name, b"again")
        for _ in range(25):
            method = eventually(lambda: channel.basic_get(name)[0], what="the message again")
            channel.basic_nack(method.delivery_tag, requeue=True)
    finally:
        channel.queue_delete(name)
