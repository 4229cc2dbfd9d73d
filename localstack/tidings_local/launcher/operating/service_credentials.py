"""`make create-service`, `services`, `set-team`, `revoke-service`: programs that send."""

from __future__ import annotations

from typing import Any

from ..errors import LauncherError
from ..running.stack import Stack
from .rules import invoke

CREATE = "tidings-create-service"
LIST = "tidings-get-services"
SET_TEAM = "tidings-set-service-team"
SET_CALLBACK = "tidings-set-service-callback"
REVOKE = "tidings-revoke-service"


def create_service(
    stack: Stack, name: str | None, kind: str | None = None, team: str | None = None
) -> dict[str, str]:
    """Create credentials; the secret in the answer is never shown again.

    Args:
        kind: live, team or test; without it, live.
        team: the addresses of the accounts that the kind team may send to.
    """
    if not name:
        raise LauncherError("NAME is missing", hint="make create-service NAME=...")
    event: dict[str, Any] = {"name": name}
    if kind:
        event["kind"] = kind
    if team:
        event["team"] = _addresses(team)
    return dict(_result(stack, CREATE, event, "the service was not created"))


def set_team(stack: Stack, client_id: str | None, team: str | None) -> tuple[str, int]:
    """Replace the accounts that a service may send to; return its name and their number."""
    if not client_id or team is None:
        raise LauncherError(
            "ID or TEAM is missing", hint='make set-team ID=... TEAM="ada@example.com, ..."'
        )
    event = {"client_id": client_id, "team": _addresses(team)}
    done = _result(stack, SET_TEAM, event, "the team was not changed")
    return str(done["name"]), len(done["team"])


def set_callback(stack: Stack, client_id: str | None, url: str | None) -> dict[str, str | None]:
    """Set the URL that gets the statuses of a service's messages; without one, there is none."""
    if not client_id:
        raise LauncherError("ID is missing", hint="make set-callback ID=... URL=https://...")
    event = {"client_id": client_id, "url": url}
    return dict(_result(stack, SET_CALLBACK, event, "the callback was not set"))


def list_services(stack: Stack) -> list[str]:
    """Print one line for each service."""
    found = _result(stack, LIST, {}, "the services were not listed")
    return [
        f"{each['id']}  {(each['revoked_at'] and 'revoked') or 'active':8} {each['kind']:5}"
        f" {each['name']}"
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


def _addresses(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _result(stack: Stack, function: str, event: dict[str, Any], complaint: str) -> Any:
    done = invoke(stack, function, event)
    if done.failed:
        problem = done.result if isinstance(done.result, dict) else {}
        raise LauncherError(complaint, hint=str(problem.get("errorMessage", "the function failed")))
    return done.result
