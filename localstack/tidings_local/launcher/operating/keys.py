"""`make rotate-keys`: another key signs access tokens; all people stay signed in."""

from __future__ import annotations

import json
from typing import Any

from ..aws import client
from ..deploying.deploy import SECRETS_PREFIX
from ..errors import LauncherError
from ..running.credentials import keep_signing_keys
from ..running.stack import Stack
from .rules import invoke

FUNCTION = "tidings-rotate-keys"


def rotate_keys(stack: Stack) -> dict[str, Any]:
    """Rotate the keys, and copy them to the stack's secrets; return their names."""
    done = invoke(stack, FUNCTION, {})
    problem = done.result if isinstance(done.result, dict) else {}
    if done.failed:
        reason = str(problem.get("errorMessage", "the function failed"))
        raise LauncherError("the keys were not rotated", hint=reason)
    secret = client(stack, "secretsmanager").get_secret_value(
        SecretId=f"{SECRETS_PREFIX}/signing-keys"
    )
    keep_signing_keys(stack.folder, json.loads(secret["SecretString"]))
    return problem
