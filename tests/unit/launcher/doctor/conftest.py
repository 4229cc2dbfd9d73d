"""The installations of these tests have no variables of the stack under test."""

import os

import pytest


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in os.environ if each.startswith("TIDINGS_")]:
        monkeypatch.delenv(name)
