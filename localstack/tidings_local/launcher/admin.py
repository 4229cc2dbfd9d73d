"""`make create-admin`: the first administrator, whom nobody could appoint over the API."""

from __future__ import annotations

from .errors import LauncherError
from .rules import Invocation, invoke
from .stack import Stack

FUNCTION = "tidings-create-admin"


def create_admin(stack: Stack, email: str | None, password: str | None) -> Invocation:
    if not email or not password:
        raise LauncherError("say whom: make create-admin EMAIL=... PASSWORD=...")
    done = invoke(stack, FUNCTION, {"email": email, "password": password})
    if done.failed:
        problem = done.result if isinstance(done.result, dict) else {}
        reason = str(problem.get("errorMessage", "the function failed"))
        raise LauncherError("the administrator was not created", hint=reason)
    return done
