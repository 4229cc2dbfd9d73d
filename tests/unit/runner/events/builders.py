"""Builders of events."""

from typing import Any

from tests.unit.runner.builders import PREFIX
from tidings_local.runner.events.event import Event
from tidings_local.runner.events.rules import EventRules

ARN = f"{PREFIX}:orders:$LATEST"
QUEUE = "arn:aws:sqs:us-east-1:000000000000:failed"


def an_event(rules: EventRules | None = None, **settings: Any) -> Event:
    given: dict[str, Any] = {
        "function": ARN,
        "payload": '{"a": 1}',
        "request_id": "r-1",
        "invoked_arn": f"{PREFIX}:orders",
        "trace_id": None,
        "client_context": None,
        "rules": rules or EventRules(),
        "accepted": 1000.0,
    }
    return Event(**given | settings)
