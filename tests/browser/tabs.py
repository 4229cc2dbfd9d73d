"""A tab of the browser with the console, which notes everything that goes wrong in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Self

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Response

from tests.browser.looks import Look
from tests.browser.operators import Account
from tests.settings import stack_under_test

PATIENCE_MS: Final = 60_000
# Chromium writes a line for each answer of 4xx and 5xx, which some tests expect.
EXPECTED: Final = "Failed to load resource: the server responded with a status of"
# Such as a GraphQL operation with a variable that the schema does not know.
WRONG_REQUEST: Final = {400, 405, 415}
SEVERE: Final = {"serious", "critical"}
WIDER_THAN_THE_SCREEN: Final = """() => [...document.querySelectorAll("body *")]
  .filter((each) => each.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .filter((each) => !each.closest(".skip, .cards thead, pre"))
  .map((each) => `${each.tagName}.${each.className}`)"""
SMALL_TARGETS: Final = """() => [...document.querySelectorAll("button, select, input, .menu a")]
  .filter((each) => each.checkVisibility() && each.type !== "hidden")
  .filter((each) => {
    const box = each.getBoundingClientRect();
    return box.width < 24 || box.height < 24;
  })
  .map((each) => each.outerHTML.slice(0, 90))"""


@dataclass
class Tab:
    """A page of the console, and what its browser complained about."""

    page: Page
    look: Look
    complaints: list[str] = field(default_factory=list)

    @classmethod
    @contextmanager
    def opened(
        cls, browser: Browser, look: Look, cookies: Any = None, *, javascript: bool = True
    ) -> Iterator[Self]:
        """Open a tab with the cookies of a session, or without any."""
        context = browser.new_context(
            ignore_https_errors=True,
            java_script_enabled=javascript,
            storage_state=cookies,
            **look.context,
        )
        context.set_default_timeout(PATIENCE_MS)
        tab = cls(context.new_page(), look)
        tab.page.on("console", tab._note)
        tab.page.on("pageerror", lambda error: tab.complaints.append(str(error)))
        tab.page.on("response", tab._note_refusal)
        yield tab
        assert tab.complaints == []
        context.close()

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and EXPECTED not in message.text:
            self.complaints.append(message.text)

    def _note_refusal(self, answer: Response) -> None:
        """Note a request that is wrong in itself: wrong input of a person has another status."""
        if answer.status in WRONG_REQUEST:
            self.complaints.append(f"{answer.status}: {answer.request.method} {answer.url}")

    def go(self, place: str = "") -> int:
        """Open a place of the console; return the status."""
        answer = self.page.goto(f"{stack_under_test().api_url}/console/{place}".rstrip("/"))
        assert answer is not None
        return answer.status

    def sign_in(self, account: Account) -> None:
        """Sign in by the form."""
        self.go("sign-in")
        self.page.fill("#email", account.email)
        self.page.fill("#password", account.password)
        self.page.press("#password", "Enter")
        self.page.wait_for_selector(".account")

    @property
    def heading(self) -> str:
        return self.page.inner_text("h1")

    def faults(self) -> list[str]:
        """Return what a designer, a lawyer and a browser would complain about on this page."""
        found = [f"console: {each}" for each in self.complaints]
        found += [f"axe: {each}" for each in self._axe()]
        found += [f"too wide: {each}" for each in self.page.evaluate(WIDER_THAN_THE_SCREEN)]
        found += [f"too small: {each}" for each in self.page.evaluate(SMALL_TARGETS)]
        return found

    def _axe(self) -> list[str]:
        results = Axe().run(self.page).response
        return [
            f"{each['id']}: {node['html'][:120]}"
            for each in results["violations"]
            if each["impact"] in SEVERE
            for node in each["nodes"]
        ]
