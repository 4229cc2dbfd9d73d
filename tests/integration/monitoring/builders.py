"""Builders of dead letters, and of their results."""

import json
from datetime import timedelta
from itertools import count
from typing import Any

from tests.unit.platform.builders import order_placed
from tidings.monitoring.models import FailedMessage
from tidings.platform.messaging.dead_letters import DeadLetter
from tidings.platform.messaging.history import Attempt
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import new_id, now

_numbers = count(1)

OPERATOR = Principal(user_id="0" * 23 + "1", role=Role.OPERATOR)


def a_dead_letter(
    *, minutes_ago: float = 0, error: str = "LookupError: no luck", **changes: Any
) -> DeadLetter:
    """Return an `order.placed` that the inventory could not handle."""
    event_id = f"event-{next(_numbers)}-{new_id()}"
    attempt = Attempt(
        function="inventory", error=error, at=(now() - timedelta(minutes=minutes_ago)).isoformat()
    )
    values: dict[str, Any] = {
        "message_id": event_id,
        "routing_key": "inventory",
        "type": "order.placed",
        "correlation_id": "request-1",
        "content_type": "application/cloudevents+json",
        "body": json.dumps(order_placed(id=event_id)).encode(),
        "history": (attempt,),
    }
    return DeadLetter(**values | changes)


def stored(letter: DeadLetter) -> Any:
    return FailedMessage.objects.get(pk=letter.key)


def state_of(letter: DeadLetter) -> str:
    state: str = stored(letter).state
    return state
