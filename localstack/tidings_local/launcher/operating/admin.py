"""`make create-admin`: create the first administrator, which the API cannot do."""

from __future__ import annotations

from typing import Any

from ..errors import LauncherError
from ..running.stack import Stack
from .rules import Invocation, invoke

CREATE = "tidings-create-admin"
PROMOTE = "tidings-promote-to-admin"
HOW = "make create-admin EMAIL=... PASSWORD=..."
HOW_TO_PROMOTE = "make create-admin EMAIL=... PROMOTE=1"


def create_admin(stack: Stack, email: str | None, password: str | None) -> Invocation:
    """Create an administrator's account. An address with an account is refused."""
    if not email:
        raise LauncherError("EMAIL is missing", hint=HOW)
    if not password:
        raise LauncherError("PASSWORD is missing", hint=f"{HOW}, or for an account: PROMOTE=1")
    return _done(stack, CREATE, {"email": email, "password": password})


def promote_to_admin(stack: Stack, email: str | None, password: str | None) -> Invocation:
    """Promote a person with an account to administrator; their password stays."""
    if not email:
        raise LauncherError("EMAIL is missing", hint=HOW_TO_PROMOTE)
    if password:
        raise LauncherError(
            "PASSWORD cannot be combined with PROMOTE=1",
            hint=f"the person keeps their password: {HOW_TO_PROMOTE}",
        )
    return _done(stack, PROMOTE, {"email": email})


def _done(stack: Stack, function: str, event: dict[str, Any]) -> Invocation:
    done = invoke(stack, function, event)
    if done.failed:
        problem = done.result if isinstance(done.result, dict) else {}
        reason = str(problem.get("errorMessage", "the function failed"))
        raise LauncherError("no administrator was created", hint=reason)
    return done
