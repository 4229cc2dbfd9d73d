"""Tests of `make create-service`, `services`, `set-team` and `revoke-service`."""

from pathlib import Path
from typing import Any, cast

import pytest

from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.operating import service_credentials
from tidings_local.launcher.operating.rules import Invocation
from tidings_local.launcher.operating.service_credentials import (
    create_service,
    list_services,
    revoke_service,
    set_callback,
    set_team,
)
from tidings_local.launcher.running.stack import Stack

STACK = cast(Stack, Path())


def answers(patch: pytest.MonkeyPatch, result: Any, *, failed: bool = False) -> list[Any]:
    """Set the answer of every function; return the list of their events."""
    asked: list[Any] = []

    def invoke(_: Any, function: str, event: Any) -> Invocation:
        asked.append((function, event))
        return Invocation(function, result, failed, "")

    patch.setattr(service_credentials, "invoke", invoke)
    return asked


def test_service_is_made_by_its_function(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, {"client_id": "1", "client_secret": "2"})
    assert create_service(STACK, "Shop") == {"client_id": "1", "client_secret": "2"}
    assert asked == [("tidings-create-service", {"name": "Shop"})]


def test_services_are_listed_with_their_state(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(
        monkeypatch,
        [
            {"id": "1", "name": "A", "kind": "live", "revoked_at": None},
            {"id": "2", "name": "B", "kind": "team", "revoked_at": "t"},
        ],
    )
    assert list_services(STACK) == ["1  active   live  A", "2  revoked  team  B"]


def test_kind_and_team_are_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, {"client_id": "1", "client_secret": "2"})
    create_service(STACK, "Shop", "team", "ada@example.com, grace@example.com")
    team = ["ada@example.com", "grace@example.com"]
    assert asked == [("tidings-create-service", {"name": "Shop", "kind": "team", "team": team})]


def test_team_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, {"name": "Shop", "team": ["1", "2"]})
    assert set_team(STACK, "1", "ada@example.com grace@example.com") == ("Shop", 2)
    team = ["ada@example.com", "grace@example.com"]
    assert asked == [("tidings-set-service-team", {"client_id": "1", "team": team})]


def test_callback_is_set_and_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "https://shop.example/statuses"
    asked = answers(monkeypatch, {"client_id": "1", "url": url, "secret": "whsec_1"})
    assert set_callback(STACK, "1", url)["secret"] == "whsec_1"
    set_callback(STACK, "1", None)
    assert asked == [
        ("tidings-set-service-callback", {"client_id": "1", "url": each}) for each in (url, None)
    ]


def test_service_is_revoked_by_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, {"name": "Shop"})
    assert revoke_service(STACK, "1") == "Shop"
    assert asked == [("tidings-revoke-service", {"client_id": "1"})]


def test_missing_argument_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, {})
    with pytest.raises(LauncherError, match="NAME is missing"):
        create_service(STACK, None)
    with pytest.raises(LauncherError, match="ID is missing"):
        revoke_service(STACK, None)
    with pytest.raises(LauncherError, match="ID is missing"):
        set_callback(STACK, None, None)
    with pytest.raises(LauncherError, match="ID or TEAM is missing"):
        set_team(STACK, "1", None)
    assert asked == []


def test_refusal_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, {"errorMessage": "There is no such service."}, failed=True)
    with pytest.raises(LauncherError, match="not revoked") as refused:
        revoke_service(STACK, "1")
    assert "no such service" in "".join(refused.value.lines())
