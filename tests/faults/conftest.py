"""The fixtures of the end-to-end tests, for a stack with faults."""

from uuid import uuid4

import pytest

from tests.e2e.aws import invoke
from tests.e2e.conftest import shop
from tests.e2e.shop import PASSWORD, Shop
from tests.faults import stack
from tests.settings import stack_under_test

__all__ = ["admin", "shop"]


def new_admin(shop: Shop) -> Shop:
    """Return a client signed in as a new administrator; this needs LocalStack."""
    email = f"admin-{uuid4().hex}@example.com"
    invoke("tidings-create-admin", {"email": email, "password": PASSWORD})
    return shop.login(email, PASSWORD)


@pytest.fixture
def admin(shop: Shop) -> Shop:
    """Return a client newly signed in as an administrator: tests last longer than a token."""
    return new_admin(shop)


@pytest.fixture
def own_services(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the doctor find the services as the launcher does, and not by the tests' addresses."""
    stack_under_test()
    for name in stack.OURS:
        monkeypatch.delenv(name, raising=False)
