"""The pages of campaigns and templates in a real browser: looks, keys, the mail in its frame."""

from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import pytest

from tests.browser.conftest import OpenTab
from tests.browser.looks import LOOKS, Look
from tests.browser.samples import CREATE_CAMPAIGN, World, a_draft
from tests.browser.test_console_pages import photograph
from tests.e2e.aws import invoke, rule_event
from tests.e2e.shop import Shop
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.browser.tabs import Tab

START: Final = "mutation($id: ID!) { startCampaign(id: $id) { state } }"
STATE: Final = "query($id: ID!) { getCampaign(id: $id) { state numbers { audience } } }"
RESET: Final = "templates/password_reset"

each_look = pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)


@pytest.fixture(scope="module")
def chief(world: World) -> Shop:
    """Return a client of the API that is signed in as the administrator."""
    return world.as_role("admin")


@pytest.fixture
def draft(world: World) -> str:
    """Return the id of a new draft."""
    return a_draft(world)


@pytest.fixture(scope="module")
def finished(shop: Shop, chief: Shop) -> str:
    """Return the id of a campaign that was sent to three people."""
    language = f"x-{uuid4().hex[:8]}"
    for name in ("Ada", "Grace", "Edsger"):
        shop.register(name).rest("PUT", "/users/me/preferences", {"language": language})
    wanted = {
        "name": "Spring tide",
        "templateCode": "promotion",
        "schedule": {"kind": "NEXT_FRIDAY"},
        "audience": {"language": language},
    }
    campaign = str(chief.graphql(CREATE_CAMPAIGN, i=wanted)["createCampaign"]["id"])
    chief.graphql(START, id=campaign)
    invoke("tidings-send-promotions", rule_event())
    eventually(lambda: state_of(chief, campaign)["numbers"]["audience"] == 3)
    eventually(lambda: state_of(chief, campaign)["state"] == "FINISHED")
    return campaign


def state_of(chief: Shop, campaign: str) -> dict[str, Any]:
    found: dict[str, Any] = chief.graphql(STATE, id=campaign)["getCampaign"]
    return found


@each_look
def test_results_and_templates_with_codes_look_right(
    look: Look, open_tab: OpenTab, finished: str
) -> None:
    """The other looks of these pages are in test_console_pages.py."""
    tab = open_tab("operator", look)
    for name, place in {"campaign-results": f"campaigns/{finished}", "code": RESET}.items():
        assert tab.go(place) == 200
        photograph(tab, name)
        assert tab.faults() == [], name


def press_until(tab: "Tab", key: str, selector: str) -> None:
    """Press a key until an element has the focus.

    Raises:
        AssertionError: the focus does not get there.
    """
    for _ in range(120):
        tab.page.keyboard.press(key)
        if tab.page.evaluate("(it) => document.activeElement.matches(it)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached by {key}")


def test_campaign_is_started_and_stopped_by_keyboard(
    open_tab: OpenTab, draft: str, chief: Shop
) -> None:
    tab = open_tab()
    tab.go(f"campaigns/{draft}")
    for step, state in (("start", "SCHEDULED"), ("stop", "STOPPED")):
        press_until(tab, "Tab", f"main a[href$='/{step}']")
        tab.page.keyboard.press("Enter")
        tab.page.wait_for_url(f"**/{draft}/{step}")
        press_until(tab, "Tab", "main button[type=submit]")
        tab.page.keyboard.press("Enter")
        tab.page.wait_for_selector(".note-good")
        assert state_of(chief, draft)["state"] == state
    assert tab.complaints == []


def test_rows_are_reached_by_keys(open_tab: OpenTab) -> None:
    tab = open_tab()
    tab.go("templates")
    for expected, key in ((0, "j"), (1, "j"), (0, "k")):
        tab.page.keyboard.press(key)
        focused = tab.page.evaluate(
            "[...document.querySelectorAll('main tbody tr')].findIndex("
            "(row) => row.contains(document.activeElement))"
        )
        assert focused == expected


def test_mail_is_shown_in_its_frame_and_runs_nothing(open_tab: OpenTab) -> None:
    tab = open_tab()
    tab.go("templates/order_confirmed")
    frame = tab.page.frame_locator("iframe.mail")
    frame.get_by_role("heading", name="Your order is confirmed").wait_for()
    colour = frame.locator("h1").evaluate("(it) => getComputedStyle(it).fontSize")
    assert colour == "24px"  # the mail's own inline style
    assert tab.complaints == []


def test_values_are_in_the_mail_without_a_full_load(open_tab: OpenTab) -> None:
    tab = open_tab()
    tab.go("templates/order_confirmed")
    tab.page.evaluate("window.loaded = 'once'")
    tab.page.fill("#value-order_id", "ORDER-42 <b>")
    tab.page.press("#value-order_id", "Enter")
    frame = tab.page.frame_locator("iframe.mail")
    frame.locator("strong", has_text="ORDER-42 <b>").wait_for()
    assert "ORDER-42 <b>" in tab.page.inner_text("#sample")
    assert tab.page.evaluate("window.loaded") == "once"
    assert tab.page.input_value("#value-order_id") == "ORDER-42 <b>"
    assert tab.complaints == []


def test_operator_is_refused_what_is_an_administrators(open_tab: OpenTab) -> None:
    tab = open_tab("operator")
    assert tab.go(f"{RESET}?value.reset_code=ABCDEFGHIJ") == 403
    assert tab.heading == "Not allowed"
    assert tab.go(f"{RESET}/rollback?to=1") == 403
    tab.go(RESET)
    assert tab.page.locator("#value-reset_code").count() == 0
    chief = open_tab("admin")
    assert chief.go(RESET) == 200
    assert chief.page.locator("#value-reset_code").count() == 1
