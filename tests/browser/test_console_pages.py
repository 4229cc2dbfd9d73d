"""Every page of the console in Chromium: each look, what axe finds, the policy, the width.

Screenshots are in .tidings/screenshots.
"""

from functools import cache
from typing import Any, Final

import pytest
from playwright.sync_api import Browser

from pages.table import ROUTES
from tests.browser.conftest import SCREENSHOTS, OpenTab
from tests.browser.looks import DESKTOP, LOOKS, Look
from tests.browser.samples import SAMPLES, World
from tests.browser.tabs import Tab
from tidings.platform.security.auth import Role
from web.routes import Route

ADMINS_PAGES: Final = [each for each in ROUTES if each.role is Role.ADMIN]
PAGES: Final = [each for each in ROUTES if each.is_page]
each_page = pytest.mark.parametrize("route", PAGES, ids=lambda route: route.path or "overview")
each_look = pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)


@pytest.fixture(scope="module")
def places(world: World) -> "Places":
    return Places(world)


class Places:
    """The place of each page; a thing is made once."""

    def __init__(self, world: World) -> None:
        self.of = cache(lambda path: SAMPLES[path](world) if "{" in path else path)


def photograph(tab: Tab, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    file = SCREENSHOTS / f"{name.replace('/', '-') or 'overview'}-{tab.look.name}.png"
    tab.page.screenshot(path=file, full_page=True)


@each_look
@each_page
def test_page_is_fit_for_everyone(
    route: Route, look: Look, open_tab: OpenTab, places: Places
) -> None:
    role = None if route.path == "sign-in" else str(route.role or Role.OPERATOR)
    tab = open_tab(role, look)
    assert tab.go(places.of(route.path)) == 200
    photograph(tab, route.path)
    assert tab.page.get_attribute("html", "lang") == look.language
    assert tab.faults() == []


@each_look
def test_page_about_an_error_is_fit_for_everyone(look: Look, open_tab: OpenTab) -> None:
    tab = open_tab("operator", look)
    assert tab.go("no-such-page") == 404
    photograph(tab, "not-found")
    assert tab.faults() == []


@pytest.mark.parametrize("route", ADMINS_PAGES, ids=lambda route: route.path)
def test_operator_is_refused_what_is_an_admins(
    route: Route, open_tab: OpenTab, places: Places
) -> None:
    tab = open_tab("operator")
    assert tab.go(places.of(route.path)) == 403
    assert tab.heading == "Not allowed"
    assert tab.faults() == []


def test_faults_are_found(open_tab: OpenTab) -> None:
    """Axe runs, the policy holds, and what is too wide or too small is seen."""
    tab = open_tab()
    tab.go()
    tab.page.evaluate(
        """() => {
          const image = new Image(20, 20);
          document.querySelector("main").append(image);
          const wide = document.createElement("div");
          wide.className = "pairs";
          wide.innerHTML = "<b onclick='1'>" + "x".repeat(10) + "</b><button>x</button>";
          document.querySelector("main").append(wide);
          wide.setAttribute("style", "width: 3000px");
          wide.style.width = "3000px";
          wide.querySelector("button").style.cssText = "min-height:0;padding:0;height:9px";
        }"""
    )
    found = "\n".join(tab.faults())
    assert "axe: image-alt" in found
    assert "Content Security Policy" in found
    assert "too wide: DIV.pairs" in found
    assert "too small: <button" in found
    tab.complaints.clear()


def test_page_works_without_its_module(chromium: Browser, sessions: dict[str, Any]) -> None:
    with Tab.opened(chromium, DESKTOP, sessions["operator"], javascript=False) as tab:
        assert tab.go() == 200
        tab.page.click("text=Deutsch")
        assert tab.heading == "Übersicht"
        tab.page.click("text=Abmelden")
        assert tab.heading == "Anmelden"
