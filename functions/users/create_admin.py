"""Invoked by an operator of the AWS account (`make create-admin`), never through the API."""

from typing import Any

from tidings.platform.entry.command import command
from tidings.platform.inputs.parsing import parsed
from tidings.users.registration import create_admin
from tidings.users.schemas import RegisterUser


@command("users")
def handler(event: dict[str, Any]) -> dict[str, Any]:
    admin = create_admin(parsed(RegisterUser, {"name": "Administrator"} | event))
    return admin.model_dump(mode="json")
