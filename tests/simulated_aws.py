"""AWS's services, simulated by moto in this process."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from moto import mock_aws


@contextmanager
def simulated_aws(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let clients that are made in this context use moto.

    `make test` sets AWS_ENDPOINT_URL to its stack, which moto does not replace: tests would change
    the secrets and roles of the deployed functions.

    Args:
        patch: what changes the environment; that of the test, or its changes would be undone in
            the wrong order.
    """
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        patch.delenv(name, raising=False)
    with mock_aws():
        yield
