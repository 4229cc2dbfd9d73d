"""No unit test of the gateway reaches a service."""

import pytest

from tests.unit.platform.builders import signing_keys
from tidings.platform import auth, database
from tidings.platform.secrets import SigningKeys


@pytest.fixture(autouse=True)
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "connect", lambda: None)


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> SigningKeys:
    fresh = signing_keys()
    monkeypatch.setattr(auth, "signing_keys", lambda: fresh)
    return fresh
