"""Invoked by an operator of the AWS account (`make set-team`), never through the API."""

from typing import Any

from tidings.platform.entry.command import command
from tidings.platform.inputs.parsing import parsed
from tidings.users.schemas import SetServiceTeam
from tidings.users.services import set_service_team


@command("users")
def handler(event: dict[str, Any]) -> dict[str, Any]:
    return set_service_team(parsed(SetServiceTeam, event)).model_dump(mode="json")
