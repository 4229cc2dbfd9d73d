"""Providers of the tests: what reaches them is kept, and they fail as they are told."""

import pytest

from tests.integration.notifications.builders import Provider
from tidings.delivery import channels
from tidings.templates import rendering


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    """Stands in for all providers, behind the delivery's own frame."""
    stand_in = Provider()
    monkeypatch.setattr(channels, "deliver", stand_in.deliver)
    return stand_in


@pytest.fixture(autouse=True)
def templates_as_delivered(services: None) -> None:
    """Another test may have changed a template."""
    rendering.forget_kept()
