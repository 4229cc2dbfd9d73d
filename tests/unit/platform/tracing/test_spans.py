"""Spans of endpoints and consumers: their parents, their attributes, their errors."""

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.platform.builders import CONTEXT, api_event, mq_event, order_placed, record
from tidings.orders.events import OrderPlaced
from tidings.platform import tracing
from tidings.platform.entry.consumer import consumer
from tidings.platform.entry.plain_text import plain_text
from tidings.platform.logging import logger
from tidings.platform.messaging.events import decoded, handling
from tidings.platform.operation import PUBLIC, operation
from tidings.platform.tracing import spans, xray
from tidings.platform.tracing.spans import Kind, Span, of_lambda, parsed

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{CALLER}-01"


def ask(work: Callable[[], str], **headers: str) -> Any:
    made = plain_text(media_type="text/plain", kept_seconds=0, check=lambda _: None)(work)
    return made(api_event(headers=headers), CONTEXT)


def placed(name: str, **changes: Any) -> dict[str, Any]:
    return record(order_placed(id=f"event-{name}", subject=name, **changes))


def by_name(sent: list[Span]) -> dict[str, Span]:
    return {each.name: each for each in sent}


def test_nothing_is_imported_or_made_while_tracing_is_off(
    monkeypatch: pytest.MonkeyPatch, traces_to: Callable[[str], None]
) -> None:
    for part in ("spans", "otlp", "xray"):
        monkeypatch.setitem(sys.modules, f"tidings.platform.tracing.{part}", None)
    monkeypatch.delattr(tracing, "spans", raising=False)
    with tracing.invocation(CONTEXT), tracing.start_span("work"):
        tracing.annotate("name", "value")
        event = OrderPlaced.model_validate(order_placed())
        with handling(event):
            assert event.traceparent is None
    traces_to("xray")
    with pytest.raises(ImportError):
        tracing.start_span("work")


def test_call_has_a_span_with_the_operation_inside(sent: list[Span]) -> None:
    @operation(role=PUBLIC)
    def look_around() -> str:
        return "text"

    ask(look_around)
    inner, outer = sent
    assert (inner.name, inner.parent_id) == ("look_around", outer.place.span_id)
    assert (outer.kind, outer.parent_id) == (Kind.SERVER, None)
    assert outer.attributes["aws_request_id"] == "request-1"
    assert outer.attributes["correlation_id"]
    assert outer.attributes["http_status"] == 200


def test_only_the_first_invocation_is_a_cold_start(
    sent: list[Span], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spans, "_is_cold", True)
    ask(str)
    ask(str)
    assert [each.attributes["cold_start"] for each in sent] == [True, False]


def test_error_is_noted_without_its_text(sent: list[Span]) -> None:
    with pytest.raises(ValueError), tracing.invocation(None):  # noqa: PT011, SIM117
        with tracing.start_span("work"):
            raise ValueError("ada@example.com")
    assert [each.error for each in sent] == ["ValueError", "ValueError"]


def test_traceparent_of_the_caller_is_continued(sent: list[Span]) -> None:
    ask(str, Traceparent=TRACEPARENT)
    assert (sent[0].place.trace_id, sent[0].parent_id) == (TRACE, CALLER)


def test_caller_may_ask_for_no_record(sent: list[Span]) -> None:
    answer = ask(lambda: tracing.traceparent() or "", traceparent=f"00-{TRACE}-{CALLER}-00")
    assert sent == []
    assert answer["body"].startswith(f"00-{TRACE}-")
    assert answer["body"].endswith("-00")


@pytest.mark.parametrize("sampled", [True, False])
def test_x_ray_continues_the_trace_of_lambda(
    monkeypatch: pytest.MonkeyPatch, traces_to: Callable[[str], None], sampled: bool
) -> None:
    sent: list[Span] = []
    monkeypatch.setattr(xray, "send", sent.extend)
    traces_to("xray")
    own = f"Root=1-{'5' * 8}-{'6' * 24};Parent={'7' * 16};Sampled={int(sampled)};Lineage=1:2:3"
    monkeypatch.setenv("_X_AMZN_TRACE_ID", own)
    ask(str, traceparent=TRACEPARENT)
    places = [(each.place.trace_id, each.parent_id) for each in sent]
    assert places == ([("5" * 8 + "6" * 24, "7" * 16)] if sampled else [])


def test_collector_gets_spans_that_lambda_does_not_sample(
    sent: list[Span], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = f"Root=1-{'5' * 8}-{'6' * 24};Parent={'7' * 16};Sampled=0"
    monkeypatch.setenv("_X_AMZN_TRACE_ID", own)
    ask(str)
    assert [each.place.is_sampled for each in sent] == [True]


def test_event_carries_the_span_that_made_it(sent: list[Span]) -> None:
    with tracing.invocation(None), tracing.start_span("place_order"):
        event = OrderPlaced.model_validate(order_placed())
    assert event.traceparent == by_name(sent)["place_order"].place.traceparent
    body = event.model_dump_json(exclude_none=True)
    found = decoded(body.encode(), {"order.placed": OrderPlaced})
    assert found.traceparent == event.traceparent


def test_event_without_tracing_has_no_field(traces_to: Callable[[str], None]) -> None:
    event = OrderPlaced.model_validate(order_placed())
    assert "traceparent" not in json.loads(event.model_dump_json(exclude_none=True))


@pytest.mark.usefixtures("broker")
def test_consumer_continues_the_trace_of_each_event(sent: list[Span]) -> None:
    made: list[str | None] = []

    def effect(_: OrderPlaced) -> None:
        with tracing.start_span("send email", calls=True):
            made.append(tracing.traceparent())

    event = mq_event(placed("a", traceparent=TRACEPARENT), placed("b"))
    consumer(OrderPlaced)(effect)(event, CONTEXT)
    inner_a, of_a, inner_b, of_b, invocation = sent
    assert (of_a.place.trace_id, of_a.parent_id, of_a.continues_event) == (TRACE, CALLER, True)
    assert of_a.attributes["event_id"] == "event-a"
    assert of_a.attributes["invocation_trace"] == invocation.place.trace_id
    assert (of_b.parent_id, of_b.continues_event) == (invocation.place.span_id, False)
    assert [inner_a.parent_id, inner_b.parent_id] == [of_a.place.span_id, of_b.place.span_id]
    assert made == [inner_a.place.traceparent, inner_b.place.traceparent]


@pytest.mark.usefixtures("broker")
def test_events_of_a_batch_keep_their_own_traces(sent: list[Span]) -> None:
    made: dict[str, str | None] = {}

    def together(events: Any) -> list[Any]:
        for each in events:
            with handling(each):
                made[each.id] = tracing.traceparent()
        return []

    handler = consumer(OrderPlaced, together=together)(lambda _: None)
    handler(mq_event(placed("a", traceparent=TRACEPARENT), placed("b")), CONTEXT)
    of_a, of_b, invocation = sent
    assert made == {"event-a": of_a.place.traceparent, "event-b": of_b.place.traceparent}
    assert of_a.place.trace_id == TRACE
    assert of_b.place.trace_id == invocation.place.trace_id


@pytest.mark.usefixtures("broker")
def test_event_that_a_batch_leaves_alone_has_one_span(sent: list[Span]) -> None:
    handler = consumer(OrderPlaced, together=lambda events: events)(lambda _: None)
    handler(mq_event(placed("a"), placed("b")), CONTEXT)
    consumed = [each for each in sent if each.kind is Kind.CONSUMER]
    assert [each.attributes["event_id"] for each in consumed] == ["event-a", "event-b"]


@pytest.mark.usefixtures("broker")
def test_failed_event_has_the_error_and_others_have_none(sent: list[Span]) -> None:
    def effect(event: OrderPlaced) -> None:
        if event.subject == "bad":
            raise ValueError("private")

    consumer(OrderPlaced)(effect)(mq_event(placed("bad"), placed("good")), CONTEXT)
    assert [(each.kind, each.error) for each in sent] == [
        (Kind.CONSUMER, "ValueError"),
        (Kind.CONSUMER, None),
        (Kind.SERVER, None),
    ]


@pytest.mark.usefixtures("broker")
def test_malformed_traceparent_of_an_event_is_ignored(sent: list[Span]) -> None:
    consumer(OrderPlaced)(lambda _: None)(mq_event(placed("a", traceparent="00-zz")), CONTEXT)
    assert not sent[0].continues_event


def test_no_failure_of_the_destination_reaches_the_caller(
    monkeypatch: pytest.MonkeyPatch, sent: list[Span]
) -> None:
    def fail(*_: Any) -> None:
        raise OSError("away")

    told: list[dict[str, Any]] = []
    monkeypatch.setattr(logger, "warning", lambda *_, **named: told.append(named), raising=False)
    monkeypatch.setattr("tidings.platform.tracing.otlp.send", fail)
    assert ask(lambda: "text")["body"] == "text"
    assert (told, sent) == ([{"spans": 1, "reason": "OSError"}], [])


@pytest.mark.parametrize(
    "text",
    [
        *(None, 7, "", "00", TRACEPARENT[:-1], TRACEPARENT + "-more", TRACEPARENT.upper()),
        *(f"ff{TRACEPARENT[2:]}", f"00-{'0' * 32}-{CALLER}-01", f"00-{TRACE}-{'0' * 16}-01"),
        *(f"00-{TRACE}-{CALLER}-0x", "-" * 55, TRACEPARENT.replace("-", "_")),
    ],
)
def test_malformed_traceparent_has_no_place(text: object) -> None:
    assert parsed(text) is None


def test_later_versions_may_have_more_parts() -> None:
    assert parsed(f"cc{TRACEPARENT[2:]}-more") == parsed(TRACEPARENT)


@pytest.mark.parametrize(
    "text",
    [None, "", "Root=1-5-6", "Parent=7", f"Root=2-{'5' * 8}-{'6' * 24};Parent={'7' * 16}", "a;=;b"],
)
def test_malformed_header_of_lambda_has_no_place(text: str | None) -> None:
    assert of_lambda(text) is None
