"""Fixtures that keep all unit tests away from MongoDB, Redis and Secrets Manager."""

from typing import Any

import pytest

from tidings.platform.auditing import trail
from tidings.platform.caching.generation import Generation
from tidings.platform.observability import metrics
from tidings.platform.security import admission, auth, limits
from tidings.platform.security.auth import Principal


@pytest.fixture(autouse=True)
def no_limits(monkeypatch: pytest.MonkeyPatch) -> list[Principal]:
    """Admit every caller, and list the admitted ones."""
    admitted: list[Principal] = []

    def admit(principal: Principal | None, _calls: int = 1) -> Principal | None:
        if principal is not None:
            admitted.append(principal)
        return principal

    for module in ("tidings.platform.entry.http", "app"):
        monkeypatch.setattr(f"{module}.admit_caller", admit)
    # Calls with a token that is not valid count for the address.
    monkeypatch.setattr(admission, "admit_stranger", lambda *_: None)
    return admitted


@pytest.fixture(autouse=True)
def no_reading_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "refresh_published_keys", lambda _: None)


@pytest.fixture(autouse=True)
def no_shared_counters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "flush", lambda: None)


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits.resting, "_until", 0.0)


@pytest.fixture(autouse=True)
def no_generation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute each answer about the catalogue, as without Redis."""
    monkeypatch.setattr(Generation, "current", lambda _: None)


class Trail:
    """Entries of the audit trail, in memory."""

    def __init__(self) -> None:
        self.entries: dict[str, dict[str, Any]] = {}

    def insert_one(self, entry: dict[str, Any]) -> None:
        self.entries[entry["_id"]] = dict(entry)

    def update_one(self, wanted: dict[str, Any], change: dict[str, Any]) -> None:
        self.entries[wanted["_id"]] |= change["$set"]


@pytest.fixture(autouse=True)
def audit_trail(monkeypatch: pytest.MonkeyPatch) -> Trail:
    """Keep the entries of acts and refusals."""
    kept = Trail()
    monkeypatch.setattr(trail, "_entries", lambda: kept)
    return kept
