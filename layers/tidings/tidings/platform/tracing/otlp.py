"""Send spans to a collector by OTLP over HTTP in JSON: Jaeger, Tempo, OpenTelemetry's own.

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

import json
import time
from collections.abc import Sequence
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final
from urllib.parse import urlsplit

from tidings.platform.tracing import Attribute
from tidings.platform.tracing.spans import Span

# A collector is near; the caller waits for it.
SECONDS: Final = 0.5
# After a failure, spans are dropped for this long.
REST_SECONDS: Final = 30.0
OK: Final = 1
ERROR: Final = 2

_resting_until = 0.0


class NotTaken(Exception):
    """The collector did not accept the spans."""


def send(url: str, function: str, spans: Sequence[Span]) -> None:
    """Send spans in one request, unless the collector has just failed.

    Raises:
        NotTaken: the collector refused them.
        OSError: it is unreachable.
        HTTPException: its answer is not HTTP.
    """
    global _resting_until
    if time.monotonic() < _resting_until:
        return
    try:
        _post(url, json.dumps(document(function, spans)).encode())
    except (OSError, HTTPException, NotTaken):
        _resting_until = time.monotonic() + REST_SECONDS
        raise


def document(function: str, spans: Sequence[Span]) -> dict[str, Any]:
    """Return the body of a request."""
    resource = {"attributes": _attributes({"service.name": function})}
    scope = {"scope": {"name": "tidings"}, "spans": [_span(each) for each in spans]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}


def _span(span: Span) -> dict[str, Any]:
    parent = {"parentSpanId": span.parent_id} if span.parent_id else {}
    failed = {"code": ERROR, "message": span.error}
    return parent | {
        "traceId": span.place.trace_id,
        "spanId": span.place.span_id,
        "name": span.name,
        "kind": int(span.kind),
        "startTimeUnixNano": str(span.started_ns),
        "endTimeUnixNano": str(span.ended_ns),
        "attributes": _attributes(span.attributes),
        "status": failed if span.error else {"code": OK},
    }


def _attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in values.items()]


def _value(value: Attribute) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": value}


def _post(url: str, body: bytes) -> None:
    place = urlsplit(url)
    kind = HTTPSConnection if place.scheme == "https" else HTTPConnection
    with closing(kind(place.hostname or "", place.port, timeout=SECONDS)) as connection:
        connection.request("POST", place.path or "/", body, {"Content-Type": "application/json"})
        status = connection.getresponse().status
    if not 200 <= status < 300:
        raise NotTaken(f"status {status}")
