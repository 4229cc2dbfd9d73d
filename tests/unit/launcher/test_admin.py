"""Tests of `make create-admin`, with and without PROMOTE=1."""

from pathlib import Path
from typing import Any, cast

import pytest

from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.operating import admin
from tidings_local.launcher.operating.admin import create_admin, promote_to_admin
from tidings_local.launcher.operating.rules import Invocation
from tidings_local.launcher.running.stack import Stack

STACK = cast(Stack, Path())
EMAIL, PASSWORD = "boss@example.com", "Winter$Sale2026 tidy"
Asked = list[tuple[str, dict[str, Any]]]


def answers(patch: pytest.MonkeyPatch, refusal: str = "") -> Asked:
    """Set the answers of the functions; return the list of their events."""
    asked: Asked = []

    def invoke(_: Any, function: str, event: dict[str, Any]) -> Invocation:
        asked.append((function, event))
        return Invocation(function, {"errorMessage": refusal}, bool(refusal), "")

    patch.setattr(admin, "invoke", invoke)
    return asked


def test_an_administrator_is_made_with_the_password_given(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch)
    create_admin(STACK, EMAIL, PASSWORD)
    assert asked == [("tidings-create-admin", {"email": EMAIL, "password": PASSWORD})]


def test_an_account_is_promoted_without_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch)
    promote_to_admin(STACK, EMAIL, None)
    assert asked == [("tidings-promote-to-admin", {"email": EMAIL})]


def test_a_password_beside_promote_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch)
    with pytest.raises(LauncherError) as refused:
        promote_to_admin(STACK, EMAIL, PASSWORD)
    assert "PASSWORD cannot be combined with PROMOTE=1" in refused.value.lines()[0]
    assert PASSWORD not in str(refused.value.lines())
    assert asked == []


def test_missing_arguments_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch)
    for make in (create_admin, promote_to_admin):
        with pytest.raises(LauncherError, match="EMAIL is missing"):
            make(STACK, None, PASSWORD)
    with pytest.raises(LauncherError, match="PASSWORD is missing"):
        create_admin(STACK, EMAIL, None)
    assert asked == []


def test_refusal_has_its_reason_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, "This address has an account. Promote it instead (PROMOTE=1).")
    with pytest.raises(LauncherError) as refused:
        create_admin(STACK, EMAIL, PASSWORD)
    (line,) = refused.value.lines()
    assert line.startswith("no administrator was created: This address has an account.")
