import json
from collections.abc import Callable
from typing import Any

import pytest
from pymongo.errors import AutoReconnect, DuplicateKeyError, ServerSelectionTimeoutError

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
from tidings.platform.errors import NotFound, NotYet, Unavailable
from tidings.platform.logging import logger
from tidings.platform.messaging.broker import BrokerUnavailable, Message
from tidings.platform.messaging.history import history_of
from tidings.platform.observability import metrics

DATA = order_placed()["data"]

Handler = Callable[[dict[str, Any], Any], None]
Patch = pytest.MonkeyPatch


class Effect:
    """Records the events of a consumer, and fails when a test sets an error."""

    def __init__(self, **errors: Exception) -> None:
        self.seen: list[str] = []
        self.contexts: list[tuple[str | None, str | None]] = []
        self._errors = errors

    def __call__(self, event: OrderPlaced) -> None:
        self.contexts.append((correlation_id(), causation_id()))
        if event.subject in self._errors:
            raise self._errors[event.subject]
        self.seen.append(event.id)

    @property
    def handler(self) -> Handler:
        def effect(event: OrderPlaced) -> None:
            self(event)

        return consumer(OrderPlaced)(effect)


def a_message(name: str = "good", **properties: Any) -> dict[str, Any]:
    content = order_placed(id=f"event-{name}", subject=name)
    return record(content, messageId=f"event-{name}", **properties)


def failing(error: Exception) -> Effect:
    return Effect(bad=error)


def attempts_of(message: Message) -> list[dict[str, str]]:
    kept: list[dict[str, str]] = json.loads(message.properties.headers["tidings-history"])
    return kept


# ----------------------------------------------------------- successful messages


def test_event_reaches_its_effect(broker: RecordingPublisher) -> None:
    effect = Effect()
    effect.handler(mq_event(a_message("1"), a_message("2")), CONTEXT)
    assert effect.seen == ["event-1", "event-2"]
    assert broker.published == []


def test_every_queue_of_an_event_is_handled(broker: RecordingPublisher) -> None:
    effect = Effect()
    event = mq_event(a_message("1")) | {}
    event["rmqMessagesByQueue"]["another::/"] = [a_message("2")]
    effect.handler(event, CONTEXT)
    assert effect.seen == ["event-1", "event-2"]


def test_duration_of_a_batch_is_told_for_its_queue(
    broker: RecordingPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, bool]] = []
    monkeypatch.setattr(metrics, "count_batch", lambda queue, took: told.append((queue, took > 0)))
    Effect().handler(mq_event(a_message()), CONTEXT)
    assert told == [("inventory", True)]


def test_effect_has_the_correlation_and_the_cause(broker: RecordingPublisher) -> None:
    effect = Effect()
    effect.handler(mq_event(a_message()), CONTEXT)
    assert effect.contexts == [("correlation-1", "event-good")]
    assert correlation_id() is None


def test_consumer_lists_its_events() -> None:
    assert Effect().handler.event_types == (OrderPlaced,)  # type: ignore[attr-defined]


# --------------------------------------------------------------------- malformed

MALFORMED: dict[str, dict[str, Any]] = {
    "no json": record(b"{"),
    "no text": record(b"\xff\xfe\x00"),
    "empty": record(b""),
    "a list": record([1]),
    "null": record(None),
    "a number": record(7),
    "no type": record({"id": "1"}),
    "type of another consumer": record(order_placed(type="order.confirmed")),
    "unknown type": record(order_placed(type="order.teleported")),
    "type is a list": record(order_placed(type=["order.placed"])),
    "no data": record(order_placed(data={})),
    "too deep": record(b"[" * 100_000),
    "huge number": record(b'{"type": ' + b"9" * 10_000 + b"}"),
    "half a surrogate pair": record(order_placed(data=DATA | {"order_id": "\ud800"})),
    "no number": record(order_placed(data=DATA | {"more": float("nan")})),
    "no base64": record(b"") | {"data": "not base64!"},
    "cut base64": record(b"") | {"data": "a"},
    "no data at all": {"basicProperties": {"messageId": "event-1"}},
    "no properties": {"data": "e30="},
    "null properties": {"data": "e30=", "basicProperties": None},
}


@pytest.mark.parametrize("message", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_message_goes_to_the_dead_letters_at_once(
    message: dict[str, Any], broker: RecordingPublisher
) -> None:
    effect = Effect()
    effect.handler(mq_event(message, a_message()), CONTEXT)
    assert effect.seen == ["event-good"]
    (dead,) = broker.published
    assert (dead.exchange, dead.routing_key) == ("dead-letter-exchange", "inventory")
    assert attempts_of(dead)[0]["error"].startswith("Malformed: ")


def test_malformed_message_keeps_its_body(broker: RecordingPublisher) -> None:
    Effect().handler(mq_event(record(b"\xff{")), CONTEXT)
    assert broker.published[0].body == b"\xff{"


def test_error_text_is_bounded(broker: RecordingPublisher) -> None:
    failing(ValueError("x" * 10_000)).handler(mq_event(a_message("bad")), CONTEXT)
    assert len(attempts_of(broker.published[0])[0]["error"]) <= 500


# ------------------------------------------------------------------------ failed


def test_only_the_failed_message_waits(broker: RecordingPublisher) -> None:
    effect = failing(ValueError("no luck"))
    effect.handler(mq_event(a_message("1"), a_message("bad"), a_message("2")), CONTEXT)
    assert effect.seen == ["event-1", "event-2"]
    (waiting,) = broker.published
    assert (waiting.exchange, waiting.routing_key) == ("retry.1s", "inventory")
    assert json.loads(waiting.body)["id"] == "event-bad"


def test_waiting_message_is_unchanged(broker: RecordingPublisher) -> None:
    failing(ValueError()).handler(mq_event(a_message("bad")), CONTEXT)
    properties = broker.published[0].properties
    assert properties.message_id == "event-bad"
    assert properties.correlation_id == "correlation-1"
    assert properties.type == "order.placed"
    assert properties.content_type == "application/cloudevents+json"
    assert properties.delivery_mode == 2
    assert properties.headers["tidings-queue"] == "inventory"


def test_first_failure_is_kept(broker: RecordingPublisher) -> None:
    failing(ValueError("no luck")).handler(mq_event(a_message("bad")), CONTEXT)
    (kept,) = attempts_of(broker.published[0])
    assert kept["error"] == "ValueError: no luck"
    assert kept["function"]
    assert kept["at"].endswith("+00:00")


@pytest.mark.parametrize(("failures", "delay"), list(enumerate(RETRY_DELAYS_SECONDS)))
def test_nth_failure_waits_the_nth_delay(
    failures: int, delay: int, broker: RecordingPublisher
) -> None:
    message = a_message("bad", headers=history_header(*[attempt()] * failures))
    failing(ValueError("again")).handler(mq_event(message), CONTEXT)
    (waiting,) = broker.published
    assert waiting.exchange == f"retry.{delay}s"
    assert len(attempts_of(waiting)) == failures + 1


def test_message_that_arrives_too_early_waits_without_an_attempt(
    broker: RecordingPublisher,
) -> None:
    before = [attempt()] * len(RETRY_DELAYS_SECONDS)
    message = a_message("bad", headers=history_header(*before))
    failing(NotYet("Not yet.")).handler(mq_event(message), CONTEXT)
    (waiting,) = broker.published
    assert waiting.exchange == f"retry.{NOT_YET_SECONDS}s"
    assert len(attempts_of(waiting)) == len(before)
    assert NOT_YET_SECONDS in RETRY_DELAYS_SECONDS


@pytest.mark.parametrize("failures", range(len(RETRY_DELAYS_SECONDS) + 1))
def test_effect_can_read_whether_this_is_the_last_attempt(
    failures: int, broker: RecordingPublisher
) -> None:
    known: list[bool] = []

    @consumer(OrderPlaced)
    def handler(_: OrderPlaced) -> None:
        known.append(is_last_attempt())

    handler(mq_event(a_message(headers=history_header(*[attempt()] * failures))), CONTEXT)
    assert known == [failures == len(RETRY_DELAYS_SECONDS)]
    assert not is_last_attempt()


def test_messages_that_failed_together_return_spread_and_in_order(
    broker: RecordingPublisher,
) -> None:
    event = mq_event(*(a_message("bad") for _ in range(50)))
    failing(ValueError("again")).handler(event, CONTEXT)
    waits = [int(each.properties.expiration) for each in broker.published]
    assert waits == sorted(waits)
    assert 500 <= waits[0] < waits[-1] <= 1000
    assert len(set(waits)) > 10


def test_dead_letter_does_not_expire(broker: RecordingPublisher) -> None:
    failing(NotFound("gone")).handler(mq_event(a_message("bad")), CONTEXT)
    assert broker.published[0].properties.expiration is None


def test_redriven_message_has_all_its_attempts_again(broker: RecordingPublisher) -> None:
    before = [*[attempt()] * 6, attempt() | {"function": "redrive"}]
    message = a_message("bad", headers=history_header(*before))
    failing(ValueError("again")).handler(mq_event(message), CONTEXT)
    (waiting,) = broker.published
    assert waiting.exchange == "retry.1s"
    assert len(attempts_of(waiting)) == 8


def test_history_is_within_the_limit_of_the_headers(broker: RecordingPublisher) -> None:
    before = [attempt("\U0001f600" * 500) for _ in range(60)]
    before[-1] |= {"function": "redrive"}
    message = a_message("bad", headers=history_header(*before))
    failing(ValueError("again")).handler(mq_event(message), CONTEXT)
    (waiting,) = broker.published
    assert len(b"".join(waiting.properties.encode())) < 100_000
    assert attempts_of(waiting)[-1]["error"] == "ValueError: again"
    assert waiting.exchange == "retry.1s"


def test_message_is_dead_after_the_last_delay(broker: RecordingPublisher) -> None:
    before = [attempt(f"ValueError: {n}") for n in range(len(RETRY_DELAYS_SECONDS))]
    message = a_message("bad", headers=history_header(*before))
    failing(ValueError("last")).handler(mq_event(message), CONTEXT)
    (dead,) = broker.published
    assert dead.exchange == "dead-letter-exchange"
    assert [kept["error"] for kept in attempts_of(dead)] == [
        *(each["error"] for each in before),
        "ValueError: last",
    ]


@pytest.mark.parametrize(
    "headers",
    [
        None,
        {},
        {"tidings-history": None},
        {"tidings-history": "[]"},
        {"tidings-history": {"bytes": [300]}},
        {"tidings-history": {"bytes": "abc"}},
        {"tidings-history": {"bytes": list(b"{")}},
        {"tidings-history": {"bytes": list(b"[1]")}},
        {"tidings-history": {"bytes": list(b"null")}},
        {"tidings-history": {"bytes": list(b'{"a": 1}')}},
        {"tidings-history": {}},
    ],
    ids=str,
)
def test_unreadable_history_starts_again(headers: object, broker: RecordingPublisher) -> None:
    failing(ValueError()).handler(mq_event(a_message("bad", headers=headers)), CONTEXT)
    assert broker.published[0].exchange == "retry.1s"
    assert len(attempts_of(broker.published[0])) == 1


def test_history_with_half_a_surrogate_pair_can_be_stored(broker: RecordingPublisher) -> None:
    failing(ValueError("\ud800")).handler(mq_event(a_message("bad")), CONTEXT)
    (ours,) = attempts_of(broker.published[0])
    assert ours["error"] == "ValueError: ?"
    (foreign,) = history_of(history_header(attempt("ada \ud800") | {"function": "\udfff"}))
    assert (foreign.error, foreign.function) == ("ada ?", "?")


def test_refusal_is_permanent(broker: RecordingPublisher) -> None:
    failing(NotFound("There is no such user.")).handler(mq_event(a_message("bad")), CONTEXT)
    assert broker.published[0].exchange == "dead-letter-exchange"


@pytest.mark.parametrize("error", [Unavailable("Later."), LookupError("not there yet")])
def test_temporary_error_is_retried(error: Exception, broker: RecordingPublisher) -> None:
    failing(error).handler(mq_event(a_message("bad")), CONTEXT)
    assert broker.published[0].exchange == "retry.1s"


def test_database_error_caused_by_the_message_is_counted(
    broker: RecordingPublisher,
) -> None:
    failing(DuplicateKeyError("dup")).handler(mq_event(a_message("bad")), CONTEXT)
    assert broker.published[0].exchange == "retry.1s"


@pytest.mark.parametrize("error", [AutoReconnect("gone"), ServerSelectionTimeoutError("none")])
def test_unavailable_database_returns_the_batch_uncounted(
    error: Exception, broker: RecordingPublisher
) -> None:
    with pytest.raises(type(error)):
        failing(error).handler(mq_event(a_message("1"), a_message("bad")), CONTEXT)
    assert broker.published == []


def test_message_that_an_unavailable_database_returns_is_in_the_log(
    broker: RecordingPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[dict[str, Any]] = []

    def note(message: str, **fields: Any) -> None:
        lines.append({**logger.get_current_keys(), "message": message, **fields})

    monkeypatch.setattr(logger, "warning", note)
    with pytest.raises(AutoReconnect):
        failing(AutoReconnect("gone")).handler(mq_event(a_message("bad")), CONTEXT)
    (line,) = lines
    assert line["message"] == "message returned to its queue: MongoDB unavailable"
    told = {name: line[name] for name in ("correlation_id", "message_id", "event_type", "queue")}
    assert told == {
        "correlation_id": "correlation-1",
        "message_id": "event-bad",
        "event_type": "order.placed",
        "queue": "inventory",
    }
    assert (line["outcome"], line["reason"]) == ("returned", "AutoReconnect")


def test_message_that_cannot_be_published_returns_the_batch(
    broker: RecordingPublisher,
) -> None:
    broker.takes_nothing = True
    with pytest.raises(Unavailable, match="not queued for retry"):
        failing(ValueError()).handler(mq_event(a_message("bad")), CONTEXT)


def test_unavailable_broker_returns_the_batch(broker: RecordingPublisher) -> None:
    broker.raises = BrokerUnavailable("away")
    with pytest.raises(BrokerUnavailable):
        failing(ValueError()).handler(mq_event(a_message("bad")), CONTEXT)


def test_stored_events_are_published_even_when_the_batch_returns(
    broker: RecordingPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    published: list[str] = []
    monkeypatch.setattr(frame, "publish_stored", lambda: published.append("once"))
    with pytest.raises(AutoReconnect):
        failing(AutoReconnect()).handler(mq_event(a_message("1"), a_message("bad")), CONTEXT)
    assert published == ["once"]


@pytest.mark.parametrize(
    ("error", "has_traceback"),
    [
        (NotFound("There is no such user."), False),
        (Unavailable("Later."), False),
        (LookupError("a bug"), True),
    ],
)
def test_dead_message_has_one_line_with_a_traceback_only_of_an_unexpected_error(
    error: Exception, has_traceback: bool, broker: RecordingPublisher, monkeypatch: Patch
) -> None:
    lines: list[dict[str, Any]] = []
    for level in ("warning", "error", "exception"):
        monkeypatch.setattr(logger, level, lambda text, **more: lines.append({"text": text} | more))
    before = [attempt(f"ValueError: {n}") for n in range(len(RETRY_DELAYS_SECONDS))]
    message = a_message("bad", headers=history_header(*before))
    failing(error).handler(mq_event(message), CONTEXT)
    (line,) = lines
    assert line["text"] == "message failed: moved to failed messages"
    assert line["reason"] == repr(error)
    assert line["exc_info"] is (error if has_traceback else None)


def test_log_line_of_a_failed_message_has_its_correlation_id(
    broker: RecordingPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []
    keys = logger.get_current_keys
    monkeypatch.setattr(
        logger, "warning", lambda *_, **__: seen.append(keys().get("correlation_id"))
    )
    failing(ValueError()).handler(mq_event(a_message("bad")), CONTEXT)
    assert seen == ["correlation-1"]
