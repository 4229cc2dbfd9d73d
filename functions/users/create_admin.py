"""Invoked by an operator of the AWS account (`make create-admin`), never through the API."""

from typing import Any

from tidings.platform.clock import new_event_id
from tidings.platform.context import correlated
from tidings.platform.invocation import invocation
from tidings.users.registration import create_admin
from tidings.users.schemas import RegisterUser


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    with correlated(new_event_id()), invocation():
        admin = create_admin(RegisterUser.model_validate({"name": "Administrator"} | event))
    return admin.model_dump(mode="json")
