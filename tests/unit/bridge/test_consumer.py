"""Tests of the consumer loop: the order of its calls, and failures."""

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection

from tests.unit.bridge.test_settlement import RecordingChannel
from tidings_local.bridge.backoff import Backoff
from tidings_local.bridge.batching import Delivery, Pending
from tidings_local.bridge.consumer import Consumer, ConsumerCancelledError
from tidings_local.bridge.invocations import Answer, Invocations
from tidings_local.bridge.lambda_api import Outcome, Result
from tidings_local.bridge.mapping import Mapping
from tidings_local.bridge.metrics import Metrics
from tidings_local.bridge.report import MappingReport
from tidings_local.bridge.stop_signal import StopSignal

DONE, FAILED = Outcome(Result.SUCCESS, ""), Outcome(Result.BRIDGE_ERROR, "no")
AWAY = Outcome(Result.UNREACHABLE, "nothing listens")
SUBSCRIBED, CANCELLED = ("consume", "orders"), ("cancel", "tag")


class Channel(RecordingChannel):
    on_cancel: Callable[[object], None]

    def add_on_cancel_callback(self, call: Callable[[object], None]) -> None:
        self.on_cancel = call

    def basic_consume(self, queue: str, _on_message: object) -> str:
        self.calls.append(("consume", queue))
        return "tag"

    def basic_cancel(self, tag: str) -> None:
        self.calls.append(("cancel", tag))


class World:
    """The broker and the function of one consumer; each turn of its loop runs the next step."""

    def __init__(self, concurrency: int = 2, first_delay: float = 0.0) -> None:
        self.channel, self.stop = Channel(), StopSignal()
        self.started: list[list[Delivery]] = []
        self.steps: list[Callable[[], object]] = []
        self.pending = Pending(batch_size=1, window_seconds=0, room_bytes=1000)
        self.backoff = Backoff(first_delay, 100, chance=lambda: 1.0)
        self._answers: list[Answer] = []
        mapping = Mapping.model_validate(
            {
                "UUID": "1",
                "EventSourceArn": "arn:aws:mq:us-east-1:000000000000:broker:tidings:b-1",
                "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:tidings-orders",
                "Queues": ["orders"],
            }
        )
        self.consumer = Consumer(
            cast(BlockingConnection, self),
            cast(BlockingChannel, self.channel),
            self.pending,
            cast(Invocations, self),
            self.backoff,
            MappingReport(mapping, Metrics()),
            concurrency,
        )

    def process_data_events(self, time_limit: float) -> None:
        """Replace the method of pika's connection."""
        assert 0 <= time_limit <= 0.25
        if self.steps:
            self.steps.pop(0)()
        elif not self.stop.requested:
            self.stop.request(0)

    def start(self, batch: list[Delivery]) -> None:
        """Replace the method of the pool of invocations."""
        self.started.append(batch)

    def answers(self) -> Iterator[Answer]:
        while self._answers:
            yield self._answers.pop(0)

    def arrive(self, *tags: int) -> Callable[[], None]:
        def step() -> None:
            for tag in tags:
                self.pending.add(Delivery(tag, b"{}", 0.0))

        return step

    def answer(self, *outcomes: tuple[int, Outcome]) -> Callable[[], None]:
        """Return a step that answers the started invocations with these indexes."""
        return lambda: self._answers.extend((self.started[n], outcome) for n, outcome in outcomes)

    def run(self, *steps: Callable[[], object]) -> list[tuple[Any, ...]]:
        """Run the steps and return the calls made on the channel."""
        self.steps = list(steps)
        self.consumer.start()
        self.consumer.run(self.stop)
        return self.channel.calls

    @property
    def tags(self) -> list[int]:
        return [each.tag for batch in self.started for each in batch]


def test_message_is_acknowledged_after_its_function_took_it() -> None:
    world = World()
    unanswered: list[Any] = []
    calls = world.run(
        world.arrive(7),
        lambda: unanswered.extend(world.channel.calls),
        world.answer((0, DONE)),
    )
    assert unanswered == [SUBSCRIBED]
    assert calls == [SUBSCRIBED, ("ack", 7, True), CANCELLED]


def test_invocations_stay_within_the_concurrency() -> None:
    world = World(concurrency=2)
    meanwhile: list[int] = []
    world.run(
        world.arrive(1, 2, 3),
        lambda: meanwhile.extend(world.tags),
        world.answer((0, DONE)),
        world.answer((1, DONE), (2, DONE)),
    )
    assert meanwhile == [1, 2]
    assert world.tags == [1, 2, 3]


def test_failed_batch_is_requeued_after_the_subscription_ended() -> None:
    """Otherwise the broker would deliver it to this consumer again before the pause."""
    world = World(concurrency=1, first_delay=50)
    calls = world.run(world.arrive(1, 2, 3), world.answer((0, FAILED)))
    assert calls[:2] == [SUBSCRIBED, CANCELLED]
    assert calls[2:] == [("nack", tag, False, True) for tag in (2, 3, 1)]
    assert world.tags == [1], "waiting messages must not be invoked during the pause"


@pytest.mark.parametrize(("outcome", "seconds"), [(FAILED, 50.0), (AWAY, 5.0)])
def test_pause_is_short_when_lambda_is_unavailable(
    outcome: Outcome, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("tidings_local.bridge.consumer.time.monotonic", lambda: now)
    world = World(first_delay=50)

    def wait_until(time: float) -> Callable[[], None]:
        def step() -> None:
            nonlocal now
            now = time

        return step

    before: list[Any] = []
    calls = world.run(
        world.arrive(1),
        world.answer((0, outcome)),
        wait_until(1000 + seconds - 0.1),
        lambda: before.extend(world.channel.calls),
        wait_until(1000 + seconds),
    )
    assert before.count(SUBSCRIBED) == 1
    assert calls.count(SUBSCRIBED) == 2


def test_batches_that_fail_together_are_one_failure() -> None:
    world = World(first_delay=1)
    calls = world.run(world.arrive(1, 2), world.answer((0, FAILED), (1, FAILED)))
    assert calls.count(CANCELLED) == 1
    assert [call[1] for call in calls if call[0] == "nack"] == [1, 2]
    assert world.backoff.next() == 2.0, "two batches that fail together must count as one failure"


def test_success_resets_the_backoff() -> None:
    world = World(first_delay=1)
    world.backoff.next()
    world.run(world.arrive(1), world.answer((0, DONE)))
    assert world.backoff.next() == 1.0


def test_queue_that_was_deleted_ends_the_consumer() -> None:
    world = World()
    with pytest.raises(ConsumerCancelledError, match="orders"):
        world.run(world.arrive(1), lambda: world.channel.on_cancel(object()))
    assert ("ack", 1, True) not in world.channel.calls


def test_stop_requeues_waiting_messages_and_awaits_invocations() -> None:
    world = World(concurrency=1)
    calls = world.run(
        world.arrive(1, 2),
        lambda: world.stop.request(60),
        world.answer((0, DONE)),
    )
    assert calls == [SUBSCRIBED, CANCELLED, ("nack", 2, False, True), ("ack", 1, True)]
    assert world.tags == [1]


def test_failure_while_stopping_is_requeued_without_a_new_pause() -> None:
    world = World(first_delay=1)
    calls = world.run(world.arrive(1), lambda: world.stop.request(60), world.answer((0, FAILED)))
    assert calls == [SUBSCRIBED, CANCELLED, ("nack", 1, False, True)]
    assert world.backoff.next() == 1.0


def test_stop_does_not_wait_longer_than_its_limit(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    calls = world.run(world.arrive(1), lambda: world.stop.request(0))
    assert calls == [SUBSCRIBED, CANCELLED], "the message must stay unacknowledged"
    assert "drain limit reached" in caplog.text
