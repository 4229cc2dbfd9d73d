"""Invoked by an operator of the AWS account (`make create-service`), never through the API."""

from typing import Any

from tidings.platform.clock import new_event_id
from tidings.platform.context import correlated
from tidings.platform.invocation import invocation
from tidings.users.schemas import CreateService
from tidings.users.services import create_service


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    with correlated(new_event_id()), invocation():
        return create_service(CreateService.model_validate(event)).model_dump(mode="json")
