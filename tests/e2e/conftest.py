"""Fixtures that use the running stack from outside."""

import ssl
from collections.abc import Generator, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.e2e.aws import invoke, log_since
from tests.e2e.shop import PASSWORD, Shop
from tests.settings import stack_under_test


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Show the functions' log lines of a test that failed."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        report.sections.append(("functions' logs", "\n".join(log_since(report.start - 1))))


@pytest.fixture(scope="session")
def shop() -> Iterator[Shop]:
    """Return an API client without a token."""
    stack = stack_under_test()
    trust = ssl.create_default_context(cafile=stack.ca_file)
    with httpx.Client(verify=trust, timeout=60) as http:
        yield Shop(stack.api_url, http)


@pytest.fixture(scope="session")
def admin(shop: Shop) -> Shop:
    """Return an API client signed in as an administrator."""
    email = f"admin-{uuid4().hex}@example.com"
    invoke("tidings-create-admin", {"email": email, "password": PASSWORD})
    return shop.login(email, PASSWORD)


@pytest.fixture
def customer(shop: Shop) -> Shop:
    """Return an API client signed in as a new customer."""
    return shop.register()
