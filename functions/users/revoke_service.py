"""Invoked by an operator of the AWS account (`make revoke-service`), never through the API."""

from typing import Any

from tidings.platform.context import correlated
from tidings.platform.entry.invocation import invocation
from tidings.platform.timing.clock import new_event_id
from tidings.users.services import revoke_service


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    with correlated(new_event_id()), invocation():
        return revoke_service(str(event["client_id"])).model_dump(mode="json")
