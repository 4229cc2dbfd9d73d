"""Invoked by an operator of the AWS account (`make services`), never through the API."""

from typing import Any

from tidings.platform.context import correlated
from tidings.platform.entry.invocation import invocation
from tidings.platform.timing.clock import new_event_id
from tidings.users.services import get_services


def handler(_event: dict[str, Any], _context: Any) -> list[dict[str, Any]]:
    with correlated(new_event_id()), invocation():
        return [each.model_dump(mode="json") for each in get_services()]
