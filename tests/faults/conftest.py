"""The fixtures of the end-to-end tests, for a stack with faults."""

from uuid import uuid4

import pytest

from tests.e2e.aws import invoke
from tests.e2e.conftest import shop
from tests.e2e.shop import PASSWORD, Shop

__all__ = ["admin", "shop"]


@pytest.fixture
def admin(shop: Shop) -> Shop:
    """Return a client newly signed in as an administrator: tests last longer than a token."""
    email = f"admin-{uuid4().hex}@example.com"
    invoke("tidings-create-admin", {"email": email, "password": PASSWORD})
    return shop.login(email, PASSWORD)
