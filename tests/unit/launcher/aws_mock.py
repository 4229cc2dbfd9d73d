"""AWS's services, simulated by moto in the place of the stack's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest

from tests.simulated_aws import simulated_aws

REGION = "us-east-1"


@contextmanager
def mocked(monkeypatch: pytest.MonkeyPatch, *modules: str, **instead: Any) -> Iterator[Any]:
    """Make these modules of the launcher call moto, or the given object for a service.

    Yields:
        A function that makes the client of a service.
    """
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    make: Any = boto3.client
    clients: dict[str, Any] = dict(instead)

    def client(service: str) -> Any:
        if service not in clients:
            clients[service] = make(service, region_name=REGION)
        return clients[service]

    for module in modules:
        monkeypatch.setattr(
            f"tidings_local.launcher.{module}.client", lambda _stack, service: client(service)
        )
    with simulated_aws(monkeypatch):
        yield client
