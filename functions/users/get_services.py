"""Invoked by an operator of the AWS account (`make services`), never through the API."""

from typing import Any

from tidings.platform.entry.command import command
from tidings.users.services import get_services


@command("users", recording=None)
def handler(_event: dict[str, Any]) -> list[dict[str, Any]]:
    return [each.model_dump(mode="json") for each in get_services()]
