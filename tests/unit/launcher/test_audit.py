"""`make audit` prints all pages of the audit trail."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.operating import audit
from tidings_local.launcher.operating.audit import audit_lines
from tidings_local.launcher.operating.rules import Invocation
from tidings_local.launcher.running.stack import Stack

STACK = cast(Stack, Path())
NOTHING: dict[str, Any] = dict.fromkeys(("since", "until", "actor", "target", "correlation"))


def answers(patch: pytest.MonkeyPatch, *results: Any, failed: bool = False) -> list[Any]:
    """Set the answers of the function; return the list of its events."""
    asked: list[Any] = []

    def invoke(_: Any, function: str, event: Any) -> Invocation:
        asked.append(dict(event))
        return Invocation(function, results[len(asked) - 1], failed, "")

    patch.setattr(audit, "invoke", invoke)
    return asked


def test_all_pages_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [{"lines": "{1}\n{2}\n", "next_after": "b"}, {"lines": "{3}\n", "next_after": None}]
    asked = answers(monkeypatch, *pages)
    assert list(audit_lines(STACK, **NOTHING)) == ["{1}", "{2}", "{3}"]
    assert asked == [{}, {"after": "b"}]


def test_conditions_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, {"lines": "", "next_after": None})
    at = datetime(2026, 12, 1, tzinfo=UTC)
    wanted: dict[str, Any] = {
        "since": at,
        "until": at,
        "actor": "a",
        "target": "t",
        "correlation": "c",
    }
    assert list(audit_lines(STACK, **wanted)) == []
    assert asked == [
        {
            "at_from": at.isoformat(),
            "at_before": at.isoformat(),
            "actor_id": "a",
            "target_id": "t",
            "correlation_id": "c",
        }
    ]


def test_failure_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, {"errorMessage": "no server"}, failed=True)
    with pytest.raises(LauncherError, match="not read"):
        list(audit_lines(STACK, **NOTHING))
