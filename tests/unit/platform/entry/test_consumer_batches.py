"""A consumer that handles the events of a batch at once, and singly the others."""

import json
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from pymongo.errors import AutoReconnect, DuplicateKeyError

from tests.unit.platform.builders import (
    CONTEXT,
    RecordingPublisher,
    attempt,
    history_header,
    mq_event,
    order_placed,
    record,
)
from tidings.orders.events import OrderPlaced
from tidings.platform.context import causation_id, correlation_id, is_last_attempt
from tidings.platform.entry import consumer as frame
from tidings.platform.entry.consumer import NOT_YET_SECONDS, RETRY_DELAYS_SECONDS, consumer
from tidings.platform.errors import NotYet, TidingsError, Unavailable
from tidings.platform.logging import logger
from tidings.platform.messaging.broker import DEAD_LETTERS
from tidings.platform.messaging.events import Failure
from tidings.platform.messaging.history import HISTORY_HEADER, decoded, failures_since_redrive
from tidings.platform.messaging.queues import retry_queue
from tidings.platform.observability import metrics

Handler = Callable[[dict[str, Any], Any], None]


class Effects:
    """Records the batches and the single events of a consumer; `bad` events fail in both."""

    def __init__(self, error: Exception | None = None, left: Sequence[str] = ()) -> None:
        self.batches: list[list[str]] = []
        self.singles: list[str] = []
        self.contexts: list[tuple[str | None, str | None]] = []
        self.last: list[bool] = []
        self._error = error
        self._left = left

    def together(self, events: Sequence[OrderPlaced]) -> Sequence[OrderPlaced]:
        self.contexts.append((correlation_id(), causation_id()))
        self.batches.append([each.id for each in events])
        self._fail(events)
        return [each for each in events if each.subject in self._left]

    def single(self, event: OrderPlaced) -> None:
        self.contexts.append((correlation_id(), causation_id()))
        self.last.append(is_last_attempt())
        self._fail([event])
        self.singles.append(event.id)

    def _fail(self, events: Sequence[OrderPlaced]) -> None:
        if self._error and any(each.subject == "bad" for each in events):
            raise self._error

    @property
    def handler(self) -> Handler:
        def effect(event: OrderPlaced) -> None:
            self.single(event)

        return consumer(OrderPlaced, together=self.together)(effect)


def a_message(name: str, *, failures: int = 0) -> dict[str, Any]:
    content = order_placed(id=f"event-{name}", subject=name, correlationid=f"correlation-{name}")
    headers = history_header(*[attempt()] * failures) if failures else None
    return record(content, headers=headers, messageId=f"event-{name}")


def many(number: int) -> list[dict[str, Any]]:
    return [a_message(str(each)) for each in range(number)]


@pytest.fixture
def outcomes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Return the queue and the outcome of each counted message."""
    counted: list[tuple[str, str]] = []
    monkeypatch.setattr(
        metrics, "count_message", lambda queue, outcome, *_: counted.append((queue, outcome))
    )
    return counted


def test_fresh_events_are_handled_at_once(broker: RecordingPublisher) -> None:
    effects = Effects()
    effects.handler(mq_event(*many(3)), CONTEXT)
    assert effects.batches == [["event-0", "event-1", "event-2"]]
    assert effects.singles == []
    assert effects.contexts == [(None, None)]
    assert broker.published == []


def test_one_event_is_a_batch(broker: RecordingPublisher) -> None:
    effects = Effects()
    effects.handler(mq_event(a_message("1")), CONTEXT)
    assert (effects.batches, effects.singles) == ([["event-1"]], [])


def test_one_event_that_fails_is_set_aside_by_the_single_form(
    broker: RecordingPublisher, outcomes: list[tuple[str, str]]
) -> None:
    effects = Effects(ValueError("no luck"))
    effects.handler(mq_event(a_message("bad")), CONTEXT)
    assert (effects.batches, effects.last) == ([["event-bad"]], [False])
    assert [each.exchange for each in broker.published] == ["retry.1s"]
    assert outcomes == [("inventory", "retried")]


def test_events_of_several_queues_are_one_batch(
    broker: RecordingPublisher, outcomes: list[tuple[str, str]]
) -> None:
    effects, event = Effects(), mq_event(a_message("1"))
    event["rmqMessagesByQueue"]["another::/"] = [a_message("2")]
    effects.handler(event, CONTEXT)
    assert effects.batches == [["event-1", "event-2"]]
    assert outcomes == [("inventory", "handled"), ("another", "handled")]


def test_poisoned_message_among_fifty_is_set_aside_alone(
    broker: RecordingPublisher, outcomes: list[tuple[str, str]]
) -> None:
    effects = Effects(ValueError("no luck"))
    effects.handler(mq_event(*many(25), a_message("bad"), *many(50)[25:]), CONTEXT)
    assert len(effects.batches) == 1
    assert effects.singles == [f"event-{each}" for each in range(50)]
    (waiting,) = broker.published
    assert json.loads(waiting.body)["id"] == "event-bad"
    assert waiting.exchange == "retry.1s"
    assert sorted({outcome for _, outcome in outcomes}) == ["handled", "retried"]
    assert len(outcomes) == 51


@pytest.mark.parametrize("error", [DuplicateKeyError("dup"), NotYet("Later.")])
def test_any_other_failure_leads_to_single_handling(
    error: Exception, broker: RecordingPublisher
) -> None:
    effects = Effects(error)
    effects.handler(mq_event(a_message("1"), a_message("bad"), a_message("2")), CONTEXT)
    assert effects.singles == ["event-1", "event-2"]
    assert len(broker.published) == 1


def test_unavailable_database_returns_the_batch(
    broker: RecordingPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    published: list[str] = []
    monkeypatch.setattr(frame, "publish_stored", lambda: published.append("once"))
    lines: list[tuple[Any, ...]] = []

    def note(_: str, **fields: Any) -> None:
        keys = logger.get_current_keys()
        lines.append((keys.get("message_id"), keys.get("correlation_id"), fields["outcome"]))

    monkeypatch.setattr(logger, "warning", note)
    effects = Effects(AutoReconnect("gone"))
    with pytest.raises(AutoReconnect):
        effects.handler(mq_event(a_message("1"), a_message("bad")), CONTEXT)
    assert (effects.singles, broker.published, published) == ([], [], ["once"])
    assert lines == [
        ("event-1", "correlation-1", "returned"),
        ("event-bad", "correlation-bad", "returned"),
    ]


def test_events_that_are_left_are_handled_singly(
    broker: RecordingPublisher, outcomes: list[tuple[str, str]]
) -> None:
    effects = Effects(left=["1"])
    effects.handler(mq_event(*many(3)), CONTEXT)
    assert effects.singles == ["event-1"]
    assert effects.contexts == [(None, None), ("correlation-1", "event-1")]
    assert outcomes == [("inventory", "handled")] * 3


def test_message_that_failed_before_is_handled_singly(broker: RecordingPublisher) -> None:
    effects = Effects()
    again = a_message("again", failures=2)
    last = a_message("last", failures=len(RETRY_DELAYS_SECONDS))
    effects.handler(mq_event(a_message("1"), again, a_message("2"), last), CONTEXT)
    assert effects.batches == [["event-1", "event-2"]]
    assert effects.singles == ["event-again", "event-last"]
    assert effects.last == [False, True]


def test_event_that_is_twice_in_a_batch_is_handled_singly_then(
    broker: RecordingPublisher,
) -> None:
    effects = Effects()
    effects.handler(mq_event(a_message("1"), a_message("2"), a_message("1")), CONTEXT)
    assert (effects.batches, effects.singles) == ([["event-1", "event-2"]], ["event-1"])


@pytest.mark.parametrize("message", [record(b"{"), {"data": 7}, {}])
def test_malformed_message_is_dead_and_does_not_stop_the_batch(
    message: dict[str, Any], broker: RecordingPublisher
) -> None:
    effects = Effects()
    effects.handler(mq_event(a_message("1"), message, a_message("2")), CONTEXT)
    assert effects.batches == [["event-1", "event-2"]]
    (dead,) = broker.published
    assert dead.exchange == "dead-letter-exchange"


def test_each_event_is_logged_with_its_correlation_id(
    broker: RecordingPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[object, object]] = []
    keys = logger.get_current_keys

    def note(_: str, **_fields: object) -> None:
        seen.append((keys().get("correlation_id"), keys().get("message_id")))

    monkeypatch.setattr(logger, "info", note)
    Effects().handler(mq_event(a_message("1"), a_message("2")), CONTEXT)
    assert seen == [("correlation-1", "event-1"), ("correlation-2", "event-2")]


def test_event_is_logged_once_by_an_invocation(
    broker: RecordingPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if it is handled at once and then singly."""
    received: list[str] = []

    def note(message: str, **_: Any) -> None:
        ids = [logger.get_current_keys()["message_id"]]
        received.extend(ids if message == "event received" else [])

    monkeypatch.setattr(logger, "info", note)
    effects = Effects(left=["1"])
    effects.handler(mq_event(*many(3), a_message("old", failures=1)), CONTEXT)
    assert effects.singles == ["event-1", "event-old"]
    assert received == ["event-0", "event-1", "event-2", "event-old"]


def test_event_that_failed_alone_in_a_batch_is_set_aside_and_not_handled_again(
    broker: RecordingPublisher, outcomes: list[tuple[str, str]]
) -> None:
    singles: list[str] = []

    def together(events: Sequence[OrderPlaced]) -> Sequence[Failure]:
        later, dead = events[0], events[1]
        return [Failure(later, Unavailable("later")), Failure(dead, TidingsError("never"))]

    @consumer(OrderPlaced, together=together)
    def handler(event: OrderPlaced) -> None:
        singles.append(event.id)

    handler(mq_event(*many(3)), CONTEXT)
    assert singles == []
    assert [each.properties.message_id for each in broker.published] == ["event-0", "event-1"]
    assert broker.published[0].exchange.startswith("retry.")
    assert broker.published[1].exchange == DEAD_LETTERS
    assert [outcome for _, outcome in outcomes] == ["retried", "dead", "handled"]


def test_messages_come_again_when_too_little_time_is_left(broker: RecordingPublisher) -> None:
    handled: list[str] = []
    left = iter([60_000, 60_000, 46_000, 44_000, 44_000])

    @consumer(OrderPlaced, needs_seconds=45.0)
    def handler(event: OrderPlaced) -> None:
        handled.append(event.id)

    context = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: next(left))
    handler(mq_event(*many(3)), context)
    assert handled == ["event-0", "event-1"]
    (postponed,) = broker.published
    assert postponed.exchange == retry_queue(NOT_YET_SECONDS)
    assert failures_since_redrive(decoded(postponed.properties.headers[HISTORY_HEADER])) == 0
