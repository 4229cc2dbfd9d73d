"""Fixtures that keep all unit tests of the platform away from services; the broker is a list."""

import pytest

from tests.unit.platform.builders import RecordingPublisher, signing_keys, use_keys
from tidings.platform.entry import consumer
from tidings.platform.secrets import SigningKeys
from tidings.platform.storage import database


@pytest.fixture(autouse=True)
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "connect", lambda: None)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> RecordingPublisher:
    publisher = RecordingPublisher()
    monkeypatch.setattr(consumer, "publisher", lambda: publisher)
    return publisher


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> SigningKeys:
    return use_keys(monkeypatch, signing_keys())
