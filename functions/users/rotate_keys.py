"""Invoked by an operator of the AWS account (`make rotate-keys`), never through the API."""

from typing import Any

from tidings.platform.entry.command import command
from tidings.platform.security.keys import rotate_signing_keys


@command("users")
def handler(_event: dict[str, Any]) -> dict[str, Any]:
    keys = rotate_signing_keys()
    return {"current": keys.current, "keys": [key.kid for key in keys.keys]}
