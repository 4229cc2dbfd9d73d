"""No unit test reaches a service: there is no database, and the broker is a list."""

import pytest

from tests.unit.platform.builders import RecordingPublisher, signing_keys
from tidings.platform import auth, consumer, database
from tidings.platform.secrets import SigningKeys


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
    fresh = signing_keys()
    monkeypatch.setattr(auth, "signing_keys", lambda: fresh)
    return fresh
