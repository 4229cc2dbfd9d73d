"""Invoked by an operator of the AWS account (`make create-service`), never through the API."""

from typing import Any

from tidings.platform.context import correlated
from tidings.platform.entry.invocation import invocation
from tidings.platform.inputs.parsing import parsed
from tidings.platform.timing.clock import new_event_id
from tidings.users.schemas import CreateService
from tidings.users.services import create_service


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    with correlated(new_event_id()), invocation():
        return create_service(parsed(CreateService, event)).model_dump(mode="json")
