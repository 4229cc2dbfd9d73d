"""Fixtures of the browser tests: Chromium, accounts, and pages of the console signed in."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.looks import DESKTOP, Look
from tests.browser.operators import Account, an_admin, an_operator
from tests.browser.samples import World
from tests.e2e.conftest import shop
from tests.e2e.shop import Shop

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.tabs import Tab

__all__ = ["shop"]

SCREENSHOTS = Path(__file__).resolve().parents[2] / ".tidings" / "screenshots"


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """Return the installed Chromium; without one the tests are skipped."""
    from tests.browser.chromium import CHROMIUM, running

    if CHROMIUM is None:
        pytest.skip("there is no Chromium: make test-browser installs it")
    with running() as browser:
        yield browser


@pytest.fixture(scope="session")
def accounts(shop: Shop) -> dict[str, Account]:
    """Return an operator and an administrator, by role."""
    admin = an_admin()
    return {"admin": admin, "operator": an_operator(shop, admin)}


@pytest.fixture(scope="session")
def world(shop: Shop, accounts: dict[str, Account]) -> World:
    """Return what makes the things that pages show."""
    return World(shop, accounts)


@pytest.fixture(scope="session")
def sessions(chromium: "Browser", accounts: dict[str, Account]) -> dict[str, Any]:
    """Return the cookies of each role after its sign-in by the form."""
    from tests.browser.tabs import Tab

    found = {}
    for role, account in accounts.items():
        with Tab.opened(chromium, DESKTOP) as tab:
            tab.sign_in(account)
            found[role] = tab.page.context.storage_state()
    return found


OpenTab = Callable[..., "Tab"]


@pytest.fixture
def open_tab(chromium: "Browser", sessions: dict[str, Any]) -> Iterator[OpenTab]:
    """Return a function that opens a tab in which a role is signed in."""
    from tests.browser.tabs import Tab

    with ExitStack() as tabs:

        def opened(role: str | None = "operator", look: Look = DESKTOP) -> Tab:
            cookies = sessions[role] if role else None
            return tabs.enter_context(Tab.opened(chromium, look, cookies))

        yield opened
