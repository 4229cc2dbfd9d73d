"""Spans on their way: X-Ray's segment documents by UDP, OTLP in JSON by HTTP."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tidings.platform import tracing
from tidings.platform.tracing import otlp, xray
from tidings.platform.tracing.spans import Kind, Place, Span

PLACE = Place("5759e988bd862e3fe1be46a994272793", "70de5b6f19ff9a0a")


def span(**changes: Any) -> Span:
    given: dict[str, Any] = {
        "name": "send email",
        "kind": Kind.INTERNAL,
        "place": PLACE,
        "parent_id": "70de5b6f19ff9a0b",
        "started_ns": 1_478_293_361_271_000_000,
        "ended_ns": 1_478_293_361_449_000_000,
        "attributes": {"channel": "email", "cold_start": False},
    }
    return Span(**(given | changes))


def test_subsegment_has_the_form_of_x_ray() -> None:
    assert xray.document(span()) == {
        "name": "send email",
        "id": "70de5b6f19ff9a0a",
        "trace_id": "1-5759e988-bd862e3fe1be46a994272793",
        "parent_id": "70de5b6f19ff9a0b",
        "type": "subsegment",
        "start_time": 1478293361.271,
        "end_time": 1478293361.449,
        "annotations": {"channel": "email", "cold_start": False},
    }


def test_span_of_an_event_is_a_segment_of_its_own() -> None:
    found = xray.document(span(continues_event=True))
    assert "type" not in found
    assert found["parent_id"]


def test_error_call_and_odd_names_in_x_ray() -> None:
    found = xray.document(
        span(name="a|b" * 100, kind=Kind.CLIENT, error="ValueError", attributes={"http.status": 5})
    )
    assert found["name"].startswith("a_ba_b")
    assert len(found["name"]) == 200
    assert (found["namespace"], found["fault"]) == ("remote", True)
    assert found["cause"]["exceptions"][0]["type"] == "ValueError"
    assert found["annotations"] == {"http_status": 5}


def test_daemon_gets_a_datagram_for_each_span(
    monkeypatch: pytest.MonkeyPatch, traces_to: Callable[[str], None]
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(10)
        address = f"127.0.0.1:{daemon.getsockname()[1]}"
        monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", address)
        traces_to("xray")
        with tracing.invocation(None), tracing.start_span("work"):
            pass
        received = [daemon.recv(65536).partition(b"\n") for _ in range(2)]
    assert {json.dumps(json.loads(header)) for header, _, _ in received} == {
        '{"format": "json", "version": 1}'
    }
    inner, outer = (json.loads(body) for _, _, body in received)
    assert (inner["name"], inner["parent_id"]) == ("work", outer["id"])


class Collector(ThreadingHTTPServer):
    """Keeps what it gets, and answers with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.status = 200
        self.got: list[tuple[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/traces"


class Answer(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, json.loads(body)))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    monkeypatch.setattr(otlp, "_resting_until", 0.0)
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_collector_gets_the_spans_of_an_invocation_at_once(
    collector: Collector, traces_to: Callable[[str], None]
) -> None:
    traces_to(collector.url)
    with tracing.invocation(None), tracing.start_span("work", {"orders": 2, "share": 0.5}):
        pass
    ((path, body),) = collector.got
    (resource,) = body["resourceSpans"]
    assert path == "/v1/traces"
    assert resource["resource"]["attributes"][0]["key"] == "service.name"
    inner, outer = resource["scopeSpans"][0]["spans"]
    assert (inner["name"], inner["parentSpanId"]) == ("work", outer["spanId"])
    assert inner["attributes"] == [
        {"key": "orders", "value": {"intValue": "2"}},
        {"key": "share", "value": {"doubleValue": 0.5}},
    ]
    assert int(inner["startTimeUnixNano"]) <= int(inner["endTimeUnixNano"])
    assert "parentSpanId" not in outer


def test_error_in_otlp_has_its_type() -> None:
    (resource,) = otlp.document("orders", [span(error="ValueError")])["resourceSpans"]
    (found,) = resource["scopeSpans"][0]["spans"]
    assert found["status"] == {"code": 2, "message": "ValueError"}


def test_collector_that_fails_is_left_alone_for_a_while(collector: Collector) -> None:
    collector.status = 503
    with pytest.raises(otlp.NotTaken):
        otlp.send(collector.url, "orders", [span()])
    otlp.send(collector.url, "orders", [span()])
    assert len(collector.got) == 1
