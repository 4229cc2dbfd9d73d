"""Send spans to the X-Ray daemon that runs beside each function of Lambda.

https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
"""

import json
import re
import socket
from collections.abc import Sequence
from typing import Any, Final

from tidings.platform.settings import aws_variable
from tidings.platform.tracing.spans import Kind, Span

HEADER: Final = b'{"format": "json", "version": 1}\n'
DAEMON: Final = "127.0.0.1:2000"
NOT_IN_A_NAME: Final = re.compile(r"[^\w\s.:/%&#=+\-@;]", re.ASCII)
NOT_IN_A_KEY: Final = re.compile(r"\W", re.ASCII)
NAME_CHARACTERS: Final = 200
NS: Final = 1_000_000_000


def send(spans: Sequence[Span]) -> None:
    """Send each span in a datagram; the daemon does not answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for span in spans:
            sender.sendto(HEADER + json.dumps(document(span)).encode(), _daemon())


def document(span: Span) -> dict[str, Any]:
    """Return the segment document of a span.

    A span that continues an event is a segment in the trace of the event. All others are
    subsegments: of Lambda's own segment, or of such a span.
    """
    trace_id = span.place.trace_id
    found: dict[str, Any] = {
        "name": NOT_IN_A_NAME.sub("_", span.name)[:NAME_CHARACTERS],
        "id": span.place.span_id,
        "trace_id": f"1-{trace_id[:8]}-{trace_id[8:]}",
        "start_time": span.started_ns / NS,
        "end_time": span.ended_ns / NS,
        "annotations": {
            NOT_IN_A_KEY.sub("_", name): value for name, value in span.attributes.items()
        },
    }
    if span.parent_id is not None:
        found["parent_id"] = span.parent_id
    if span.parent_id is not None and not span.continues_event:
        found["type"] = "subsegment"
    if span.kind is Kind.CLIENT:
        found["namespace"] = "remote"
    if span.error is not None:
        found["fault"] = True
        found["cause"] = {"exceptions": [{"id": span.place.span_id, "type": span.error}]}
    return found


def _daemon() -> tuple[str, int]:
    """Return the daemon's address; Lambda sets the variable."""
    host, _, port = (aws_variable("AWS_XRAY_DAEMON_ADDRESS") or DAEMON).rpartition(":")
    return host, int(port)
