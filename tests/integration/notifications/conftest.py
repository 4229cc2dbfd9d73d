"""Providers of the tests: what reaches them is kept, and they fail as they are told."""

import pytest

from tests.integration.notifications.builders import Provider
from tidings.delivery import channels
from tidings.platform.messaging import outbox, relay


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    """Stands in for all providers, behind the delivery's own frame."""
    stand_in = Provider()
    monkeypatch.setattr(channels, "deliver", stand_in.deliver)
    return stand_in


@pytest.fixture
def unpublished(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave what is stored in its outbox: threads cannot share a publisher as environments do."""
    monkeypatch.setattr(relay, "publish_stored", outbox.take_stored)
