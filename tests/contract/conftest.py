"""Fixtures that keep all contract tests away from services."""

import pytest

from tidings.platform.observability import metrics


@pytest.fixture(autouse=True)
def no_shared_counters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "flush", lambda: None)
