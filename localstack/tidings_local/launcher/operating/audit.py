"""`make audit`: the audit trail as JSON lines, oldest first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from ..errors import LauncherError
from ..running.stack import Stack
from .rules import invoke

FUNCTION = "tidings-read-audit-trail"


def audit_lines(
    stack: Stack,
    *,
    since: datetime | None,
    until: datetime | None,
    actor: str | None,
    target: str | None,
    correlation: str | None,
) -> Iterator[str]:
    """Yield the lines of the matching entries."""
    conditions = {
        "at_from": since and since.isoformat(),
        "at_before": until and until.isoformat(),
        "actor_id": actor,
        "target_id": target,
        "correlation_id": correlation,
    }
    wanted: dict[str, Any] = {name: value for name, value in conditions.items() if value}
    while True:
        done = invoke(stack, FUNCTION, wanted)
        if done.failed:
            problem = done.result if isinstance(done.result, dict) else {}
            reason = str(problem.get("errorMessage", "the function failed"))
            raise LauncherError("the audit trail was not read", hint=reason)
        yield from done.result["lines"].splitlines()
        if done.result["next_after"] is None:
            return
        wanted["after"] = done.result["next_after"]
