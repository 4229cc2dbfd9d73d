"""An order's notifications reach inbox, mailbox and phone once, in the person's language."""

from uuid import uuid4

import pytest

from tests.e2e.outside import code_in_mail_to, mails_to, pushes_about
from tests.e2e.shop import LOGIN, PASSWORD, REGISTER, Shop
from tests.waiting import eventually


@pytest.fixture
def address() -> str:
    return f"grete-{uuid4().hex}@example.com"


@pytest.fixture
def reader(shop: Shop, address: str) -> Shop:
    """Return a customer who reads German, verified by the code in the first mail."""
    person = {"email": address, "password": PASSWORD, "name": "Grete <b>"}
    shop.graphql(REGISTER, i=person)
    code = code_in_mail_to(address)
    verified = shop.rest(
        "POST", "/verify-email", {"email": address, "code": code, "password": PASSWORD}
    )
    assert verified.status_code == 200, verified.text
    session = shop.graphql(LOGIN, i={"email": address, "password": PASSWORD})["login"]
    reader = Shop(shop.api_url, shop.http, session["accessToken"], session["user"]["id"])
    changed = reader.rest("PUT", "/users/me/preferences", {"language": "de"})
    assert changed.status_code == 200, changed.text
    device = {"platform": "ios", "token": uuid4().hex}
    added = reader.rest("POST", "/users/me/push-tokens", device)
    assert added.status_code in {200, 201}, added.text
    return reader


def test_order_is_announced_in_inbox_mail_and_push_once_each(
    admin: Shop, reader: Shop, address: str
) -> None:
    """Only these two kinds are counted, because the daily rule also notifies of each open order."""
    order_id = reader.place_order(admin.create_product(stock=3))
    confirmed, paid = "Ihre Bestellung ist bestätigt", "Ihre Zahlung ist da"

    def times(subject: str) -> tuple[int, int]:
        beginning = subject.partition("ä")[0]  # independent of the escapes in a push message
        mails = [mail for mail in mails_to(address) if mail["Subject"] == subject]
        pushes = [push for push in pushes_about(order_id) if beginning in push]
        return sum(order_id in str(mail.get_body(("plain",))) for mail in mails), len(pushes)

    eventually(lambda: all(times(confirmed)))
    (told,) = reader.inbox_about(order_id)
    assert told["title"] == confirmed

    changed = admin.rest("PUT", f"/orders/{order_id}/status", {"state": "paid"})
    assert changed.status_code == 200, changed.text
    eventually(lambda: all(times(paid)))
    assert (times(confirmed), times(paid)) == ((1, 1), (1, 1))


def test_mail_has_both_parts_and_one_click_unsubscribe(
    admin: Shop, reader: Shop, address: str
) -> None:
    order_id = reader.place_order(admin.create_product(stock=3))

    def the_mail() -> list[str]:
        return [
            str(mail) for mail in mails_to(address) if order_id in str(mail.get_body(("plain",)))
        ]

    eventually(the_mail)
    mail = next(m for m in mails_to(address) if order_id in str(m.get_body(("plain",))))
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    html = mail.get_body(("html",))
    assert html is not None
    assert "Grete &lt;b&gt;" in html.get_content()
    assert "<b>" not in html.get_content().partition("Grete")[2][:20]
