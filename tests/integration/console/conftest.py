"""The fixtures of the console in this process."""

import pytest

from tidings.platform.secrets import SigningKeys


@pytest.fixture(autouse=True)
def _signed(keys: SigningKeys) -> None:
    """Sign and verify tokens with the keys of the test."""
