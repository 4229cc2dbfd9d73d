"""The console by keyboard alone: sign in, go to a page, act, sign out."""

from secrets import token_hex

from tests.browser.conftest import OpenTab
from tests.browser.operators import Account
from tests.browser.tabs import Tab
from tests.e2e.shop import PASSWORD, REGISTER, Shop
from tests.waiting import eventually


def press(tab: Tab, *keys: str) -> None:
    for key in keys:
        tab.page.keyboard.press(key)


def focused(tab: Tab) -> str:
    """Return the text or the name of the element with the focus."""
    return str(
        tab.page.evaluate("() => document.activeElement.name || document.activeElement.textContent")
    ).strip()


def tab_to(tab: Tab, wanted: str) -> None:
    """Press Tab until an element has the focus."""
    for _ in range(60):
        if focused(tab) == wanted:
            return
        press(tab, "Tab")
    raise AssertionError(f"the keyboard does not reach {wanted}")


def test_person_signs_in_and_out_by_keyboard(
    open_tab: OpenTab, accounts: dict[str, Account]
) -> None:
    tab = open_tab(None)
    tab.go("preferences")
    tab.go("")
    assert tab.heading == "Sign in"
    tab_to(tab, "email")
    tab.page.keyboard.type(accounts["operator"].email)
    press(tab, "Tab")
    tab.page.keyboard.type(accounts["operator"].password)
    press(tab, "Enter")
    tab.page.wait_for_selector("h1:text('Overview')")
    press(tab, "Tab")
    assert focused(tab) == "Skip to the content"
    press(tab, "Enter")
    assert tab.page.evaluate("() => document.activeElement.id") == "content"
    tab_to(tab, "Sign out")
    press(tab, "Enter")
    tab.page.wait_for_selector("h1:text('Sign in')")
    assert tab.faults() == []


def test_help_opens_and_closes_by_keyboard(open_tab: OpenTab) -> None:
    tab = open_tab()
    tab.go()
    press(tab, "?")
    assert tab.page.is_visible("dialog#help")
    assert tab.faults() == []
    press(tab, "Escape")
    assert not tab.page.is_visible("dialog#help")


def test_keys_can_be_switched_off(open_tab: OpenTab) -> None:
    tab = open_tab()
    tab.go()
    press(tab, "p")
    assert tab.page.get_attribute("[data-pause]", "aria-pressed") == "true"
    press(tab, "p", "?", "Space")  # the first control of the help is the switch
    assert not tab.page.is_checked("#keys-on")
    press(tab, "Escape", "p")
    assert tab.page.get_attribute("[data-pause]", "aria-pressed") == "false"


def test_focus_is_always_visible(open_tab: OpenTab) -> None:
    tab = open_tab()
    tab.go()
    for _ in range(40):
        press(tab, "Tab")
        if tab.page.evaluate("() => document.activeElement === document.body"):
            return  # behind the last control
        outline = tab.page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", focused(tab)


def test_live_page_updates_and_keeps_the_focus(open_tab: OpenTab) -> None:
    tab = open_tab()
    tab.go()
    tab.page.focus("[data-pause]")
    before = tab.page.inner_text("#live-state time")
    tab.page.wait_for_function(
        "before => document.querySelector('#live-state time').textContent !== before", arg=before
    )
    assert focused(tab) == "Pause"
    assert tab.faults() == []


def test_page_says_that_its_session_has_ended(
    open_tab: OpenTab, accounts: dict[str, Account]
) -> None:
    tab = open_tab(None)
    tab.sign_in(accounts["operator"])
    other = tab.page.context.new_page()
    other.goto(tab.page.url)
    other.click("text=Sign out")
    other.wait_for_selector("h1:text('Sign in')")
    tab.page.wait_for_selector("#away:has-text('Your session has ended')")


def test_link_of_another_site_reaches_the_page(open_tab: OpenTab) -> None:
    tab = open_tab()
    tab.go()
    tab.page.set_default_timeout(60_000)
    page = tab.page.context.new_page()
    page.route(
        "https://mail.example/*",
        lambda route: route.fulfill(
            content_type="text/html", body=f'<a href="{tab.page.url}">alarm</a>'
        ),
    )
    page.goto("https://mail.example/")
    page.click("a")
    page.wait_for_selector("h1:text('Overview')")


def test_reason_for_a_missing_mail_is_found_by_keyboard(
    open_tab: OpenTab, shop: Shop, accounts: dict[str, Account]
) -> None:
    """Why did Ada get no mail? From any page: `/`, her address, Enter."""
    email = f"ada-{token_hex(8)}@example.com"
    shop.graphql(REGISTER, i={"email": email, "password": PASSWORD, "name": "Ada"})
    customer = shop.login(email, PASSWORD)
    admin = shop.login(accounts["admin"].email, accounts["admin"].password)
    order = customer.place_order(admin.create_product(3))
    eventually(lambda: customer.inbox_about(order), what="a notification of the order")
    tab = open_tab()
    tab.go()
    press(tab, "/")
    tab.page.keyboard.type(email)
    press(tab, "Enter")
    tab.page.wait_for_selector("h1:text('Person')")
    assert "the person has not verified the e-mail address" in tab.page.inner_text("main")
    assert tab.page.url.endswith(f"/persons/{customer.user_id}")
    press(tab, "j", "Enter")
    tab.page.wait_for_selector("h1:text('What happened to an order')")
    assert tab.faults() == []
