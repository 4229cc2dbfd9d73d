"""Builders of calls, in the form in which the runner reports them."""

import json
from typing import Any

from tidings_local.launcher.developing.dev.calls import Call


def a_line(message: str, *, correlation_id: str | None = None, **more: Any) -> str:
    """Return a line as Powertools' logger writes it."""
    own = {
        "level": "INFO",
        "location": "f:1",
        "message": message,
        "function": "local",
        "domain": "orders",
    } | more
    return json.dumps(own | ({"correlation_id": correlation_id} if correlation_id else {}))


def a_call(*lines: str, function: str = "tidings-login", **more: Any) -> Call:
    logs = ["START RequestId: r Version: $LATEST", *lines, "END RequestId: r"]
    report = "REPORT RequestId: r\tDuration: 1.00 ms"
    described: dict[str, Any] = {
        "function": function,
        "ended_at": 1_795_166_100.25,
        "duration_ms": 12.4,
        "init_ms": None,
        "is_error": False,
        "logs": "\n".join([*logs, report]) + "\n",
    }
    return Call(**described | more)
