"""Fixtures that keep all unit tests of the gateway away from services."""

import pytest

from tests.unit.platform.builders import signing_keys, use_keys
from tidings.platform.secrets import SigningKeys
from tidings.platform.storage import database


@pytest.fixture(autouse=True)
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "connect", lambda: None)


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> SigningKeys:
    return use_keys(monkeypatch, signing_keys())
