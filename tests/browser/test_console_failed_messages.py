"""Failed messages, suppressions and the audit trail in a real browser, also by keyboard alone."""

import json
from typing import Final

import pytest

from tests.browser.conftest import OpenTab
from tests.browser.looks import LOOKS, Look
from tests.browser.samples import SAMPLES, World, a_failed_message
from tests.browser.tabs import Tab
from tests.browser.test_console_keyboard import focused, press, tab_to
from tests.browser.test_console_pages import photograph

each_look = pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
REASON: Final = "The inventory is repaired."


def state_of(world: World, message_id: str) -> str:
    path = f"/monitoring/failed-messages?id={message_id}"
    (found,) = world.as_role("operator").rest("GET", path).json()["data"]
    return str(found["state"])


def find(tab: Tab, field: str, text: str) -> None:
    """Search by a field of the page, by keyboard."""
    tab_to(tab, field)
    tab.page.keyboard.type(text)
    press(tab, "Enter")


@each_look
def test_overview_leads_to_messages_that_wait(open_tab: OpenTab, world: World, look: Look) -> None:
    a_failed_message(world)
    tab = open_tab("operator", look)
    tab.go()
    concern = tab.page.locator("#now .concerns a[href*='failed-messages']")
    concern.wait_for()
    assert tab.faults() == []
    photograph(tab, "overview-concerns")
    concern.click()
    tab.page.wait_for_selector("#results")


@each_look
def test_person_page_tells_why_messages_failed(open_tab: OpenTab, world: World, look: Look) -> None:
    place = SAMPLES["persons/{person_id}"](world)
    person_id = place.partition("/")[2]
    a_failed_message(world, body=json.dumps({"customer_id": person_id}))
    tab = open_tab("operator", look)
    assert tab.go(place) == 200
    assert "malformed" in tab.page.inner_text("section[aria-labelledby=failed]").lower()
    assert tab.faults() == []
    photograph(tab, "persons-failed")


def test_redrive_by_keyboard_alone(open_tab: OpenTab, world: World) -> None:
    message_id = a_failed_message(world)
    tab = open_tab("operator")
    tab.go("failed-messages")
    find(tab, "error", "malformed")
    tab.page.wait_for_selector("#results:focus")
    press(tab, "j")
    assert focused(tab) == "ids"
    box = tab.page.locator(f'input[value="{message_id}"]')
    for _ in range(25):
        if box.evaluate("each => each === document.activeElement"):
            break
        press(tab, "j")
    press(tab, "Space")
    assert box.is_checked()
    tab_back_to(tab, "Redrive the chosen…")
    press(tab, "Enter")
    tab.page.wait_for_selector("h1:text('Redrive failed messages')")
    assert "Would be refused again" in tab.page.inner_text("main")
    assert state_of(world, message_id) == "failed"
    assert tab.faults() == []
    tab_to(tab, "reason")
    tab.page.keyboard.type(REASON)
    tab_to(tab, "Redrive 1 message")
    press(tab, "Enter")
    tab.page.wait_for_selector(".note-good")
    assert "1 accepted for redrive" in tab.page.inner_text("#notice")
    assert tab.faults() == []
    acts = world.as_role("operator").rest("GET", f"/monitoring/failed-messages?id={message_id}")
    assert [each["reason"] for each in acts.json()["data"][0]["acts"]] == [REASON]


def tab_back_to(tab: Tab, wanted: str) -> None:
    for _ in range(60):
        if focused(tab) == wanted:
            return
        press(tab, "Shift+Tab")
    raise AssertionError(f"the keyboard does not reach {wanted}")


@each_look
def test_dry_run_and_discard_are_fit_for_everyone(
    look: Look, open_tab: OpenTab, world: World
) -> None:
    message_id = a_failed_message(world)
    tab = open_tab("operator", look)
    tab.go(f"failed-messages/{message_id}")
    tab.page.click("main button.main")
    tab.page.wait_for_selector("#rate")
    photograph(tab, "failed-messages-dry-run")
    assert tab.faults() == []
    tab.go(f"failed-messages/{message_id}")
    tab.page.click("main button.danger")
    tab.page.wait_for_selector("input[name=step][value=discard]", state="attached")
    photograph(tab, "failed-messages-discard-asked")
    assert tab.faults() == []
    tab.page.fill("#reason", "a test")
    tab.page.click("main button.danger")
    tab.page.wait_for_selector(".note-good")
    assert state_of(world, message_id) == "discarded"


def test_all_rows_of_a_page_are_chosen_at_once(open_tab: OpenTab, world: World) -> None:
    a_failed_message(world)
    tab = open_tab("operator")
    tab.go("failed-messages")
    tab.page.check("input[data-all]")
    boxes = tab.page.locator("input[name=ids]")
    assert boxes.count() == tab.page.locator("input[name=ids]:checked").count() > 0


def test_admin_follows_a_redrive_into_the_audit_trail(open_tab: OpenTab, world: World) -> None:
    message_id = a_failed_message(world)
    operator = world.as_role("operator")
    wish = {"ids": [message_id], "reason": "mended"}
    assert operator.rest("POST", "/monitoring/failed-messages/redrive", wish).status_code == 200
    tab = open_tab("admin")
    tab.go("audit")
    find(tab, "target_id", message_id)
    tab.page.wait_for_url(f"**target_id={message_id}**")
    row = tab.page.locator("tbody tr").first
    assert "redrive failed messages" in row.inner_text()
    assert str(operator.user_id) in row.inner_text()
    photograph(tab, "audit-found")
    assert tab.faults() == []
    with tab.page.expect_download() as started:
        tab.page.click("text=Export as JSON lines")
    assert started.value.suggested_filename == "audit.jsonl"
    assert message_id in started.value.path().read_text()
