"""No unit test reaches Redis or Secrets Manager by the way."""

import pytest

from tidings.platform.observability import metrics
from tidings.platform.security import auth, limits
from tidings.platform.security.auth import Principal


@pytest.fixture(autouse=True)
def no_limits(monkeypatch: pytest.MonkeyPatch) -> list[Principal]:
    """Let everybody in; the list says who came."""
    admitted: list[Principal] = []
    for module in ("tidings.platform.entry.http", "app"):
        monkeypatch.setattr(f"{module}.admit", admitted.append)
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
