"""Invoked by an operator of the AWS account (`make rotate-keys`), never through the API."""

from typing import Any

from tidings.platform.context import correlated
from tidings.platform.security.keys import rotate_signing_keys
from tidings.platform.timing.clock import new_event_id


def handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    with correlated(new_event_id()):
        keys = rotate_signing_keys()
    return {"current": keys.current, "keys": [key.kid for key in keys.keys]}
