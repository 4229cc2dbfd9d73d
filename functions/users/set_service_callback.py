"""Invoked by an operator of the AWS account (`make set-callback`), never through the API."""

from typing import Any

from tidings.platform.entry.command import command
from tidings.platform.inputs.parsing import parsed
from tidings.users.schemas import SetServiceCallback
from tidings.users.service_callbacks import set_service_callback


@command("users")
def handler(event: dict[str, Any]) -> dict[str, Any]:
    return set_service_callback(parsed(SetServiceCallback, event)).model_dump(mode="json")
