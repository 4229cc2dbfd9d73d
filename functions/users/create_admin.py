"""Invoked by an operator of the AWS account (`make create-admin`), never through the API."""

from typing import Any

from tidings.platform.context import correlated
from tidings.platform.entry.invocation import invocation
from tidings.platform.inputs.parsing import parsed
from tidings.platform.timing.clock import new_event_id
from tidings.users.registration import create_admin
from tidings.users.schemas import RegisterUser


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    with correlated(new_event_id()), invocation():
        admin = create_admin(parsed(RegisterUser, {"name": "Administrator"} | event))
    return admin.model_dump(mode="json")
