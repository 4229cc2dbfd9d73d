"""`make create-service`, `services`, `revoke-service`: programs that call the send API."""

from __future__ import annotations

from typing import Any

from ..errors import LauncherError
from ..running.stack import Stack
from .rules import invoke

CREATE = "tidings-create-service"
LIST = "tidings-get-services"
REVOKE = "tidings-revoke-service"


def create_service(stack: Stack, name: str | None) -> dict[str, str]:
    """Create credentials; the secret in the answer is never shown again."""
    if not name:
        raise LauncherError("NAME is missing", hint="make create-service NAME=...")
    return dict(_result(stack, CREATE, {"name": name}, "the service was not created"))


def list_services(stack: Stack) -> list[str]:
    """Print one line for each service."""
    found = _result(stack, LIST, {}, "the services were not listed")
    return [
        f"{each['id']}  {(each['revoked_at'] and 'revoked') or 'active':8} {each['name']}"
        for each in found
    ]


def revoke_service(stack: Stack, client_id: str | None) -> str:
    """Revoke a service's credentials; return its name."""
    if not client_id:
        raise LauncherError(
            "ID is missing", hint="make revoke-service ID=... (make services lists them)"
        )
    done = _result(stack, REVOKE, {"client_id": client_id}, "the service was not revoked")
    return str(done["name"])


def _result(stack: Stack, function: str, event: dict[str, Any], complaint: str) -> Any:
    done = invoke(stack, function, event)
    if done.failed:
        problem = done.result if isinstance(done.result, dict) else {}
        raise LauncherError(complaint, hint=str(problem.get("errorMessage", "the function failed")))
    return done.result
