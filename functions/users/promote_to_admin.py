"""Invoked by an operator of the AWS account (`make create-admin PROMOTE=1`), never by the API."""

from typing import Any

from tidings.platform.entry.command import command
from tidings.platform.inputs.parsing import parsed
from tidings.users.roles import promote_to_admin
from tidings.users.schemas import PromoteToAdmin


@command("users")
def handler(event: dict[str, Any]) -> dict[str, Any]:
    return promote_to_admin(parsed(PromoteToAdmin, event)).model_dump(mode="json")
