"""Builders of dead letters, of their results, and of a template that breaks."""

import json
from datetime import timedelta
from itertools import count
from typing import Any

from tests.integration.builders import a_person
from tests.unit.platform.builders import order_placed
from tidings.monitoring.models import FailedMessage
from tidings.platform.messaging.dead_letters import DeadLetter
from tidings.platform.messaging.history import Attempt
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import new_id, now
from tidings.templates.operations import update_template
from tidings.templates.queries import template_view
from tidings.templates.schemas import UpdateTemplate

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


def break_template(code: str = "order_confirmed", variable: str = "order_id") -> int:
    """Store a version whose mail fails with other values than the samples; return its number."""
    current = template_view(code)
    sample = current.sample_variables[variable]
    body = f"Hi,\n\n{{% if {variable} != '{sample}' %}}{{{{ {variable}.number }}}}{{% endif %}}"
    content = current.model_dump(include=set(UpdateTemplate.model_fields))
    for variant in content["variants"]:
        variant["email"]["text"] = body
    change = UpdateTemplate.model_validate(content)
    return update_template(code, change, caller=a_person(Role.ADMIN)).version


def broken(version: int) -> str:
    """Return the error of that template with real values."""
    return f"BrokenTemplate: order_confirmed v{version}, email.text, line 3: number has no value."
