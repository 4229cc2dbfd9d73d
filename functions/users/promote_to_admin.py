"""Invoked by an operator of the AWS account (`make create-admin PROMOTE=1`), never by the API."""

from typing import Any

from tidings.platform.context import correlated
from tidings.platform.entry.invocation import invocation
from tidings.platform.inputs.parsing import parsed
from tidings.platform.timing.clock import new_event_id
from tidings.users.roles import promote_to_admin
from tidings.users.schemas import PromoteToAdmin


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    with correlated(new_event_id()), invocation():
        admin = promote_to_admin(parsed(PromoteToAdmin, event))
    return admin.model_dump(mode="json")
