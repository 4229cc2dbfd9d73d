"""A collector that has OpenTelemetry's own messages reads our spans."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from typing import Any, Final

import pytest

from tests.unit.platform.builders import order_placed
from tidings.orders.events import OrderPlaced
from tidings.platform import tracing
from tidings.platform.tracing import otlp

# OTLP in JSON writes these ids in hex, where JSON of protobuf has base64.
IDS: Final = ("traceId", "spanId", "parentSpanId")


class Collector(ThreadingHTTPServer):
    """Takes OTLP over HTTP in JSON, as the specification describes it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.requests: list[Any] = []
        self.refused: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/traces"

    def spans(self) -> list[Any]:
        """Return the spans of all requests, with the name of their service."""
        return [
            (resource.resource.attributes[0].value.string_value, span)
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


class Answer(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        service = import_module("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
        json_format = import_module("google.protobuf.json_format")
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        try:
            assert self.headers["Content-Type"] == "application/json"
            read = json_format.ParseDict(
                in_base64(json.loads(text)), service.ExportTraceServiceRequest()
            )
            self.server.requests.append(read)
            status, body = 200, json_format.MessageToJson(service.ExportTraceServiceResponse())
        except (AssertionError, json_format.ParseError) as error:
            self.server.refused.append(str(error))
            status, body = 400, "{}"
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


def in_base64(value: Any) -> Any:
    """Return OTLP's JSON with its ids as protobuf's own JSON has them."""
    if isinstance(value, list):
        return [in_base64(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: base64.b64encode(bytes.fromhex(each)).decode() if name in IDS else in_base64(each)
        for name, each in value.items()
    }


@pytest.fixture
def collector(
    monkeypatch: pytest.MonkeyPatch, traces_to: Callable[[str], None]
) -> Iterator[Collector]:
    monkeypatch.setattr(otlp, "_resting_until", 0.0)
    # The collector answers when the machine lets it.
    monkeypatch.setattr(otlp, "SECONDS", 60.0)
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        traces_to(server.url)
        yield server
        server.shutdown()
        thread.join()


def test_collector_reads_the_spans_of_a_call_and_of_its_event(collector: Collector) -> None:
    caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with tracing.invocation(None, caller), tracing.start_span("place_order", {"orders": 2}):
        event = OrderPlaced.model_validate(order_placed(traceparent=tracing.traceparent()))
    with (
        tracing.invocation(None),
        pytest.raises(LookupError),
        tracing.consuming("inventory", [event]),
    ):
        raise LookupError("Ada's order")
    assert collector.refused == []
    found = [span for _, span in collector.spans()]
    assert {service for service, _ in collector.spans()} == {"local"}
    call, operation, consumed = (
        next(each for each in found if each.name == wanted)
        for wanted in ("local", "place_order", "consume inventory")
    )
    assert call.trace_id.hex() == caller.split("-")[1]
    assert call.parent_span_id.hex() == caller.split("-")[2]
    assert operation.parent_span_id == call.span_id
    assert (consumed.trace_id, consumed.parent_span_id) == (call.trace_id, operation.span_id)
    assert operation.attributes[0].value.int_value == 2
    assert consumed.status.code == otlp.ERROR
    assert consumed.status.message == "LookupError"
    assert all(0 < each.start_time_unix_nano <= each.end_time_unix_nano for each in found)
    assert "Ada" not in str(collector.requests)


def test_collector_refuses_a_field_that_spans_do_not_have(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above would find a misspelt field."""
    document = otlp.document
    monkeypatch.setattr(otlp, "document", lambda *each: {**document(*each), "resourceSpan": []})
    with tracing.invocation(None):
        pass
    assert len(collector.refused) == 1
    assert "resourceSpan" in collector.refused[0]
