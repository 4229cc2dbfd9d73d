"""Invoked by an operator of the AWS account (`make revoke-service`), never through the API."""

from typing import Any

from tidings.platform.entry.command import command
from tidings.users.services import revoke_service


@command("users")
def handler(event: dict[str, Any]) -> dict[str, Any]:
    return revoke_service(str(event["client_id"])).model_dump(mode="json")
