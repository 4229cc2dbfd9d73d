"""Invoked by an operator of the AWS account (`make create-service`), never through the API."""

from typing import Any

from tidings.platform.entry.command import command
from tidings.platform.inputs.parsing import parsed
from tidings.users.schemas import CreateService
from tidings.users.services import create_service


@command("users")
def handler(event: dict[str, Any]) -> dict[str, Any]:
    return create_service(parsed(CreateService, event)).model_dump(mode="json")
