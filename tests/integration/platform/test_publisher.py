"""Publishing to a real RabbitMQ."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pika
import psutil
import pytest
from pika.adapters.blocking_connection import BlockingChannel
from pika.channel import Channel
from pika.exceptions import ChannelWrongStateError
from pika.frame import Method

from tests.faults.proxy import Proxy
from tests.integration.builders import Queues, at
from tests.waiting import eventually, timed
from tidings.platform.messaging import broker
from tidings.platform.messaging.broker import (
    DOMAIN_EVENTS,
    BrokerUnavailable,
    Message,
    Publisher,
)
from tidings.platform.messaging.history import Attempt, encoded

NOWHERE = "amqp://guest:guest@127.0.0.1:1/%2F"


@pytest.fixture
def publisher(rabbit: Any) -> Iterator[Publisher]:
    own = Publisher(at(rabbit.url))
    yield own
    own.close()


def a_message(
    number: int = 1, *, key: str = "order.placed", exchange: str = DOMAIN_EVENTS
) -> Message:
    properties = pika.BasicProperties(message_id=f"message-{number}", delivery_mode=2)
    return Message(exchange, key, b"%d" % number, properties)


def bodies(queues: Queues, count: int) -> list[bytes]:
    return [taken.body for taken in queues.take("inventory", count)]


def test_messages_arrive_in_order(publisher: Publisher, queues: Queues) -> None:
    messages = [a_message(n) for n in range(20)]
    assert publisher.publish(messages) == messages
    assert bodies(queues, 20) == [message.body for message in messages]


def test_empty_list_needs_no_broker() -> None:
    assert Publisher(at(NOWHERE)).publish([]) == []


class Noting(Publisher):
    """Records each written message and each read confirm, in order."""

    def __init__(self, url: str) -> None:
        super().__init__(at(url))
        self.noted: list[str] = []

    def _write(self, channel: Channel, message: Message) -> None:
        self.noted.append("written")
        super()._write(channel, message)

    def _confirmed(self, frame: Method) -> None:
        self.noted.append("confirmed")
        super()._confirmed(frame)


def test_a_hundred_messages_are_written_before_a_confirm_is_awaited(
    rabbit: Any, queues: Queues
) -> None:
    publisher = Noting(rabbit.url)
    messages = [a_message(number) for number in range(100)]
    assert publisher.publish(messages) == messages
    publisher.close()
    assert publisher.noted[:100] == ["written"] * 100
    assert set(publisher.noted[100:]) == {"confirmed"}


def test_unroutable_event_becomes_a_dead_letter(publisher: Publisher, queues: Queues) -> None:
    nobodys, good = a_message(1, key="nobody.listens"), a_message(2)
    assert publisher.publish([nobodys, good]) == [nobodys, good]
    assert bodies(queues, 1) == [b"2"]
    (dead,) = queues.take("failed-messages", 1)
    assert (dead.body, dead.message_id) == (b"1", "message-1")
    assert "Unroutable" in dead.headers["tidings-history"]
    assert dead.headers["tidings-exchange"] == DOMAIN_EVENTS
    assert dead.headers["tidings-routing-key"] == "nobody.listens"


def test_unroutable_message_of_another_exchange_is_not_published(
    publisher: Publisher, queues: Queues
) -> None:
    nobodys, good = a_message(1, key="no-such-queue", exchange=""), a_message(2)
    assert publisher.publish([nobodys, good]) == [good]
    assert queues.is_empty("failed-messages")


def test_unroutable_redriven_message_keeps_its_history(
    publisher: Publisher, queues: Queues
) -> None:
    nobodys = a_message(1, key="nobody.listens")
    earlier = [Attempt(function="inventory", error="ValueError: no", at="2026-11-01T00:00:00Z")]
    nobodys.properties.headers = {"tidings-history": encoded(earlier)}
    assert publisher.publish([nobodys]) == [nobodys]
    (dead,) = queues.take("failed-messages", 1)
    errors = [each["error"] for each in json.loads(dead.headers["tidings-history"])]
    assert errors == ["ValueError: no", "Unroutable: no queue is bound for nobody.listens"]


def test_message_that_cannot_be_written_fails_alone(publisher: Publisher, queues: Queues) -> None:
    first, bad, last = a_message(1), a_message(2, key="x" * 256, exchange=""), a_message(3)
    assert publisher.publish([first, bad, last]) == [first, last]
    assert bodies(queues, 2) == [b"1", b"3"]
    assert publisher.publish([bad]) == []


def test_messages_not_written_before_the_channel_closed_are_not_published(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.ping()
    channel = publisher._open_channel()
    written = list[bytes]()

    def closes_after_the_first(*message: Any, **_options: Any) -> None:
        if written:
            raise ChannelWrongStateError("Channel is closed.")
        written.append(message[2])  # the message is lost on its way: no confirm arrives

    monkeypatch.setattr(channel, "basic_publish", closes_after_the_first)
    assert publisher.publish([a_message(n) for n in range(3)]) == []


def test_publisher_works_after_an_unroutable_message(publisher: Publisher, queues: Queues) -> None:
    publisher.publish([a_message(1, key="nobody.listens")])
    assert publisher.publish([a_message(1)])


def test_message_rejected_by_a_full_queue_is_not_published(
    publisher: Publisher, channel: BlockingChannel
) -> None:
    channel.queue_declare(
        "small", exclusive=True, arguments={"x-max-length": 1, "x-overflow": "reject-publish"}
    )
    messages = [a_message(n, key="small", exchange="") for n in range(3)]
    assert publisher.publish(messages[:1]) == messages[:1]
    assert publisher.publish(messages[1:]) == []


def test_missing_exchange_fails_and_the_next_publish_works(
    publisher: Publisher, queues: Queues
) -> None:
    assert publisher.publish([a_message(1, exchange="no-such-exchange")]) == []
    assert publisher.publish([a_message(2)])
    assert bodies(queues, 1) == [b"2"]


def test_next_publish_works_after_the_broker_closed_the_connection(
    publisher: Publisher, queues: Queues, rabbit: Any
) -> None:
    publisher.publish([a_message(1)])
    bodies(queues, 1)
    rabbit.close_connections()
    fresh = pika.BlockingConnection(pika.URLParameters(rabbit.url))
    try:
        assert publisher.publish([a_message(2)])
        assert bodies(Queues(fresh.channel(), rabbit.name), 1) == [b"2"]
    finally:
        fresh.close()


@pytest.fixture
def wire(rabbit: Any) -> Iterator[Proxy]:
    own = Proxy(rabbit.url)
    yield own
    own.close()


def test_next_publish_works_after_the_connection_was_cut(wire: Proxy, queues: Queues) -> None:
    publisher = Publisher(at(wire.url))
    assert publisher.publish([a_message(1)])
    wire.cut()
    assert publisher.publish([a_message(2)])
    assert bodies(queues, 2) == [b"1", b"2"]
    publisher.close()


def test_message_without_a_confirm_is_not_published(
    wire: Proxy, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "REST_SECONDS", 3600.0)
    publisher = Publisher(at(wire.url))
    assert publisher.publish([a_message(1)])
    wire.hang()
    with monkeypatch.context() as hangs:
        hangs.setattr(broker, "CONFIRM_SECONDS", 0.2)
        assert publisher.publish([a_message(2)]) == []
    wire.resume()
    with pytest.raises(BrokerUnavailable, match="a moment ago"):
        publisher.publish([a_message(3)])
    publisher._resting_until = 0.0
    assert publisher.publish([a_message(3)])
    publisher.close()


def test_unavailable_broker_is_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "CONNECT_SECONDS", 3600.0)  # would not end with the test run
    with pytest.raises(BrokerUnavailable):
        Publisher(at(NOWHERE)).publish([a_message()])


def test_broker_that_does_not_answer_is_reported_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "CONNECT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        publisher = Publisher(at(f"amqp://guest:guest@127.0.0.1:{port}/%2F"))

        def publish() -> None:
            with pytest.raises(BrokerUnavailable):
                publisher.publish([a_message()])

        _, seconds = timed(publish)
        assert seconds < 2


def test_publisher_does_not_try_for_a_while_after_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(broker, "REST_SECONDS", 3600.0)
    publisher = Publisher(at(NOWHERE))
    with pytest.raises(BrokerUnavailable, match="unreachable"):
        publisher.publish([a_message()])
    monkeypatch.setattr(pika, "SelectConnection", None)  # a use of it would fail
    with pytest.raises(BrokerUnavailable, match="a moment ago"):
        publisher.publish([a_message()])


def test_publisher_tries_again_after_a_while(
    wire: Proxy, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "REST_SECONDS", 0.0)
    publisher = Publisher(at(NOWHERE))
    with pytest.raises(BrokerUnavailable):
        publisher.publish([a_message()])
    publisher._url = at(wire.url)
    assert publisher.publish([a_message(1)])
    publisher.close()


def test_wrong_password_counts_as_unavailable(rabbit: Any) -> None:
    parts = urlsplit(rabbit.url)
    wrong = rabbit.url.replace(f":{parts.password}@", ":wrong@")
    with pytest.raises(BrokerUnavailable):
        Publisher(at(wrong)).publish([a_message()])


def test_ping_is_answered(publisher: Publisher) -> None:
    publisher.ping()
    publisher.ping()


def test_ping_of_an_unavailable_broker_fails() -> None:
    with pytest.raises(BrokerUnavailable):
        Publisher(at(NOWHERE)).ping()


def test_publish_after_a_ping_is_confirmed(publisher: Publisher, queues: Queues) -> None:
    publisher.ping()
    assert publisher.publish([a_message(1)])
    publisher.ping()
    assert publisher.publish([a_message(2)])
    assert bodies(queues, 2) == [b"1", b"2"]


def test_second_close_is_harmless(publisher: Publisher) -> None:
    publisher.ping()
    publisher.close()
    publisher.close()
    publisher.ping()


def test_queue_depths_are_read_and_missing_queues_reported(
    publisher: Publisher, queues: Queues
) -> None:
    publisher.publish([a_message(n) for n in range(3)])
    found = publisher.look_at(["inventory", "no-such-queue", "orders"])
    assert found == {"inventory": (3, 0), "no-such-queue": None, "orders": (0, 0)}
    assert publisher.publish([a_message(4)])


def test_queue_depths_of_an_unavailable_broker_fail() -> None:
    with pytest.raises(BrokerUnavailable):
        Publisher(at(NOWHERE)).look_at(["inventory"])


FROZEN = """
import sys
from pika.spec import BasicProperties
from tidings.platform.messaging import broker
broker.HEARTBEAT_SECONDS = 1
publisher = broker.Publisher(lambda *, refused=False: sys.argv[1])
for number in (1, 2):
    input()
    message = broker.Message(
        "user-events", "order.placed", b"%d" % number,
        BasicProperties(message_id=f"message-{number}", delivery_mode=2),
    )
    print(len(publisher.publish([message])), flush=True)
"""


def test_environment_frozen_longer_than_the_heartbeat_publishes(
    queues: Queues, rabbit: Any
) -> None:
    """Lambda freezes an environment between invocations, and the broker closes its connection."""
    command = [sys.executable, "-c", FROZEN, rabbit.url]
    silent = {"PYTHONPATH": os.pathsep.join(sys.path), "POWERTOOLS_LOG_LEVEL": "CRITICAL"}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, env=os.environ | silent, text=True
    ) as frozen:
        assert frozen.stdin
        assert frozen.stdout

        def publish() -> str:
            print(file=frozen.stdin, flush=True)
            return str(frozen.stdout.readline().strip() if frozen.stdout else "")

        def given_up() -> bool:
            port = urlsplit(rabbit.url).port
            found = psutil.Process(frozen.pid).net_connections()
            return not any(each.raddr and each.raddr.port == port for each in found)

        try:
            assert publish() == "1"
            peers = Queues(queues.channel, rabbit.name).take("inventory", 1)
            assert not given_up()
            frozen.send_signal(signal.SIGSTOP)
            eventually(given_up, seconds=30, what="RabbitMQ gives the connection up")
            frozen.send_signal(signal.SIGCONT)
            assert publish() == "1"
        finally:
            frozen.kill()
    assert [each.body for each in [*peers, *queues.take("inventory", 1)]] == [b"1", b"2"]
