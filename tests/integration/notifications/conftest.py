"""Test providers that record messages, and fail as a test sets."""

import pytest

from tests.integration.notifications.builders import Provider
from tidings.delivery import channels
from tidings.platform.messaging import outbox, relay


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    """Replaces all providers behind delivery's own code."""
    stand_in = Provider()
    monkeypatch.setattr(channels, "deliver", stand_in.deliver)
    return stand_in


@pytest.fixture
def unpublished(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep events in their outbox: threads cannot share a publisher as environments do."""
    monkeypatch.setattr(relay, "publish_stored", outbox.take_stored)
