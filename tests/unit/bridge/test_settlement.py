from typing import Any, cast

from pika.adapters.blocking_connection import BlockingChannel

from tidings_local.bridge.batching import Delivery
from tidings_local.bridge.settlement import InFlight


class RecordingChannel:
    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def basic_ack(self, tag: int, multiple: bool = False) -> None:
        self.calls.append(("ack", tag, multiple))

    def basic_nack(self, tag: int, multiple: bool = False, requeue: bool = True) -> None:
        self.calls.append(("nack", tag, multiple, requeue))


def batch(*tags: int) -> list[Delivery]:
    return [Delivery(tag, b"", 0.0) for tag in tags]


def two_batches() -> tuple[RecordingChannel, InFlight, list[Delivery], list[Delivery]]:
    channel = RecordingChannel()
    in_flight = InFlight(cast(BlockingChannel, channel))
    older, newer = batch(1, 2), batch(3, 4)
    in_flight.add(older)
    in_flight.add(newer)
    return channel, in_flight, older, newer


def test_oldest_batch_is_acknowledged_with_one_call() -> None:
    channel, in_flight, older, newer = two_batches()
    in_flight.acknowledge(older)
    in_flight.acknowledge(newer)
    assert channel.calls == [("ack", 2, True), ("ack", 4, True)]
    assert len(in_flight) == 0


def test_newer_batch_never_acknowledges_the_older_one() -> None:
    channel, in_flight, _, newer = two_batches()
    in_flight.acknowledge(newer)
    assert channel.calls == [("ack", 3, False), ("ack", 4, False)]


def test_failed_batch_goes_back_message_by_message() -> None:
    channel, in_flight, older, _ = two_batches()
    in_flight.requeue(older)
    assert channel.calls == [("nack", 1, False, True), ("nack", 2, False, True)]
    assert len(in_flight) == 1
