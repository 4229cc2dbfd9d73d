"""A customer of the example shop in Chromium, on a desktop and on a phone.

Screenshots are in .tidings/screenshots.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import pytest

from tests.browser.conftest import SCREENSHOTS
from tests.browser.looks import DESKTOP, Look
from tests.browser.operators import Account
from tests.e2e.outside import code_in_mail_to
from tests.e2e.shop import PASSWORD, Shop
from tests.faults.stack import kill, wait_for
from tests.settings import stack_under_test

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

    from tests.browser.tabs import Tab

PHONE: Final = Look("phone-dark-en", 360, 740, "dark", "en")
SLOW_MS: Final = 120_000
"""The time for a message after the bridge was killed, in milliseconds."""
each_look = pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=lambda look: look.name)


class Customer:
    """A person with a tab of the shop."""

    def __init__(self, tab: "Tab") -> None:
        self.tab, self.page = tab, tab.page
        self.email = f"customer-{uuid4().hex}@example.com"

    def go(self, place: str = "/") -> None:
        """Open a page of the shop, and wait until it is complete."""
        self.page.goto(f"{stack_under_test().api_url}/shop#{place}")
        self.page.wait_for_selector("main:not([aria-busy]) h1")

    def sees(self, heading: str) -> None:
        """Wait for the page with this heading."""
        self.page.locator("h1", has_text=re.compile(f"^{heading}$")).wait_for()

    def check(self, name: str) -> None:
        """Photograph the page, and let axe, the policy and the width judge it."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        file = SCREENSHOTS / f"shop-{name}-{self.tab.look.name}.png"
        self.page.screenshot(path=file, full_page=True)
        assert self.tab.faults() == []

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.fill(f"form input[name={name}] >> nth=0", value)

    def press(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()

    def message(self, title: str) -> "Locator":
        """Return the message in the corner that arrived live."""
        return self.page.locator("#messages .message", has_text=title)

    def register(self) -> None:
        """Register, and verify the address with the code of the mail."""
        self.go("/register")
        self.check("register")
        self.fill(name="Ada", email=self.email, password=PASSWORD)
        self.press("Register")
        self.sees("Verify your address")
        self.fill(code=code_in_mail_to(self.email))
        self.check("verify")
        self.press("Verify")
        self.sees("Products")
        self.page.get_by_role("button", name="Sign out").wait_for()

    def sign_in(self) -> None:
        self.go("/sign-in")
        self.fill(email=self.email, password=PASSWORD)
        self.press("Sign in")
        self.sees("Products")


@pytest.fixture
def customer(chromium: "Browser") -> Iterator[Callable[..., Customer]]:
    from tests.browser.tabs import Tab

    with ExitStack() as tabs:
        yield lambda look=DESKTOP: Customer(tabs.enter_context(Tab.opened(chromium, look)))


@pytest.fixture(scope="module")
def admin(shop: Shop, accounts: dict[str, Account]) -> Shop:
    account = accounts["admin"]
    return shop.login(account.email, account.password)


def product(admin: Shop, stock: int = 10) -> tuple[str, str]:
    """Return the id and the title of a new product."""
    title = f"Pen {uuid4().hex[:12]}"
    answer = admin.rest(
        "POST",
        "/products",
        {
            "sku": f"SHOP-{uuid4().hex[:12]}",
            "title": title,
            "description": "A pen for the example shop.",
            "price": {"amount": 1250, "currency": "EUR"},
            "stock": stock,
            "categories": ["pens"],
            "attributes": {"material": "brass"},
        },
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["id"], title


@each_look
def test_customer_orders_and_hears_of_it(
    look: Look, customer: Callable[..., Customer], admin: Shop
) -> None:
    _, title = product(admin)
    ada = customer(look)
    ada.register()
    ada.check("products")

    ada.fill(search=title)
    ada.press("Search")
    ada.page.get_by_role("link", name=title).click()
    ada.sees(title)
    ada.check("product")
    ada.press(f"Add {title} to the basket")
    ada.go("/basket")
    ada.page.get_by_label(f"Pieces of {title}").fill("2")
    ada.page.get_by_label(f"Pieces of {title}").blur()
    ada.page.get_by_text("€25.00").wait_for()
    ada.check("basket")

    ada.press("Place the order")
    ada.sees("Your order")
    ada.message("Your order is confirmed").wait_for()
    ada.page.locator("[role=status] .state", has_text="Confirmed").wait_for()
    ada.check("order")
    ada.go("/orders")
    ada.check("orders")

    ada.go("/inbox")
    ada.page.locator("li.unread h2", has_text="Your order is confirmed").wait_for()
    ada.check("inbox")
    ada.press("Mark all as read")
    ada.page.locator("li.unread").first.wait_for(state="detached")


def test_order_is_confirmed_live_although_the_bridge_is_killed(
    customer: Callable[..., Customer], admin: Shop
) -> None:
    """The bridge dies before the order, and again after the message: it is told exactly once."""
    product_id, title = product(admin)
    ada = customer()
    ada.register()
    ada.go(f"/products/{product_id}")
    ada.press(f"Add {title} to the basket")
    ada.go("/basket")
    kill("bridge")
    ada.press("Place the order")
    ada.sees("Your order")
    wait_for("bridge")
    ada.message("Your order is confirmed").wait_for(timeout=SLOW_MS)
    kill("bridge")
    wait_for("bridge")
    ada.page.locator("[role=status] .state", has_text="Confirmed").wait_for()
    ada.go("/inbox")
    confirmed = ada.page.locator("li.unread h2", has_text="Your order is confirmed")
    confirmed.wait_for()
    assert confirmed.count() == 1


def test_voucher_reduces_the_order(customer: Callable[..., Customer], admin: Shop) -> None:
    product_id, title = product(admin)
    code = f"SHOP-{uuid4().hex[:12].upper()}"
    voucher = {"name": "Shop", "code": code, "reach": "anyone", "percent": "20", "currency": "EUR"}
    answer = admin.rest("POST", "/vouchers", voucher)
    assert answer.status_code == 201, answer.text
    ada = customer()
    ada.register()
    ada.go(f"/products/{product_id}")
    ada.press(f"Add {title} to the basket")
    ada.go("/basket")
    ada.fill(voucher="NO-SUCH-CODE")
    ada.press("Use the voucher")
    ada.page.locator("[data-field=voucher] .error").wait_for()
    ada.check("wrong-voucher")
    ada.fill(voucher=code.lower())
    ada.press("Use the voucher")
    ada.page.get_by_text("€10.00").wait_for()
    ada.check("voucher")
    ada.press("Place the order")
    ada.sees("Your order")
    ada.page.get_by_text(f"Voucher {code}: -€2.50").wait_for()


@each_look
def test_customer_chooses_what_to_hear(look: Look, customer: Callable[..., Customer]) -> None:
    ada = customer(look)
    ada.register()
    ada.go("/preferences")
    box = ada.page.get_by_label("Offers: E-mail")
    before = box.is_checked()
    box.set_checked(not before)
    ada.fill(start="22:00")
    ada.page.fill("input[name=end]", "07:00")
    ada.press("Save")
    ada.page.get_by_text("Saved.").wait_for()
    ada.check("preferences")
    ada.page.reload()
    ada.sees("Preferences")
    assert ada.page.get_by_label("Offers: E-mail").is_checked() is not before
    assert ada.page.input_value("input[name=start]") == "22:00"


def test_order_without_enough_stock_is_rejected_visibly(
    customer: Callable[..., Customer], admin: Shop
) -> None:
    product_id, title = product(admin, stock=1)
    ada = customer()
    ada.register()
    ada.go(f"/products/{product_id}")
    ada.press(f"Add {title} to the basket")
    ada.go("/basket")
    ada.page.get_by_label(f"Pieces of {title}").fill("5")
    ada.page.get_by_label(f"Pieces of {title}").blur()
    ada.page.get_by_text("€62.50").wait_for()
    ada.press("Place the order")
    ada.page.locator("[role=status] .state", has_text="Rejected").wait_for()


def test_sold_out_product_offers_to_tell_when_it_is_back(
    customer: Callable[..., Customer], admin: Shop
) -> None:
    person, (product_id, title) = customer(), product(admin, stock=0)
    person.go(f"/products/{product_id}")
    person.sees(title)
    person.check("sold-out")
    person.fill(email=person.email)
    person.press("Tell me when it is back")
    person.page.get_by_role("status").filter(has_text="We have sent you a mail").wait_for()
    person.register()
    person.go(f"/products/{product_id}")
    person.press("Tell me when it is back")
    person.page.get_by_role("status").filter(has_text="We will tell you").wait_for()


def test_wrong_input_is_shown_at_its_field(customer: Callable[..., Customer]) -> None:
    ada = customer()
    ada.go("/register")
    ada.press("Register")
    assert ada.page.get_by_label("Name").get_attribute("aria-invalid") == "true"
    ada.fill(name="Ada", email=ada.email, password="password")
    ada.press("Register")
    wrong = ada.page.locator("[data-field=password] .error")
    wrong.wait_for()
    assert wrong.inner_text()
    assert ada.page.get_by_label("Password").get_attribute("aria-invalid") == "true"
    ada.check("wrong-password")


def test_pages_of_a_person_need_a_sign_in_and_lead_back(
    customer: Callable[..., Customer],
) -> None:
    ada = customer()
    ada.register()
    ada.press("Sign out")
    ada.page.get_by_role("link", name="Sign in").wait_for()
    ada.go("/inbox")
    ada.sees("Sign in")
    ada.fill(email=ada.email, password=PASSWORD)
    ada.press("Sign in")
    ada.sees("Inbox")


def test_tabs_share_a_sign_in_and_renew_it_together(customer: Callable[..., Customer]) -> None:
    ada = customer()
    ada.register()
    other = ada.page.context.new_page()
    other.goto(f"{stack_under_test().api_url}/shop#/orders")
    other.locator("h1", has_text="Orders").wait_for()
    for page in (ada.page, other):
        page.evaluate(
            """() => {
              const tokens = JSON.parse(localStorage.getItem("tidings.tokens"));
              localStorage.setItem("tidings.tokens", JSON.stringify({ ...tokens, until: 0 }));
              location.hash = "#/inbox";
            }"""
        )
    for page in (ada.page, other):
        page.locator("h1", has_text="Inbox").wait_for()


def test_account_is_deleted_after_a_question(customer: Callable[..., Customer]) -> None:
    ada = customer()
    ada.register()
    ada.go("/preferences")
    ada.page.get_by_role("button", name="Delete my account").click()
    ada.check("deletion")
    ada.page.locator("dialog").get_by_role("button", name="Delete my account").click()
    ada.page.get_by_role("link", name="Sign in").wait_for()
