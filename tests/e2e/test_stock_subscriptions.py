"""A person without an account gets a mail when a product is back in stock."""

import re
from uuid import uuid4

from tests.e2e.outside import mails_to
from tests.e2e.shop import Shop
from tests.waiting import eventually

SUBSCRIBE = """mutation($id: ID!, $i: SubscribeToStockInput!) {
  subscribeToStock(productId: $id, input: $i) { state } }"""


def test_owner_of_an_address_confirms_and_a_customer_waits_for_the_same_product(
    shop: Shop, admin: Shop, customer: Shop
) -> None:
    product = admin.create_product(stock=0, amount=990)
    address = f"guest-{uuid4().hex}@example.com"
    path = f"/products/{product}/stock-subscription"
    answer = shop.rest("POST", path, {"email": address})
    assert answer.json()["data"]["state"] == "confirmation_sent", answer.text
    mine = customer.graphql(SUBSCRIBE, id=product, i={})["subscribeToStock"]
    assert mine == {"state": "SUBSCRIBED"}

    link = str(eventually(lambda: link_in_mail_to(address), what="the mail that asks"))
    assert "Tell me" in shop.rest("GET", link).text
    assert shop.rest("POST", link).status_code == 200

    stock = {"change": 3, "reason": "They came."}
    assert admin.rest("POST", f"/products/{product}/stock", stock).status_code == 200
    subject = "Back in stock: Fountain pen"
    eventually(lambda: subject in subjects(address), what="the mail that it is back")
    eventually(
        lambda: "Back in stock" in [each["title"] for each in customer.notifications()],
        what="the customer's notification",
    )
    left = customer.rest("GET", "/stock-subscriptions").json()["data"]
    assert left == []
    assert subjects(address).count(subject) == 1


def subjects(address: str) -> list[str]:
    return [str(each["Subject"]) for each in mails_to(address)]


def link_in_mail_to(address: str) -> str | None:
    """Return the path of the link to confirm, once there is a mail with it."""
    for mail in mails_to(address):
        body = mail.get_body(("plain",))
        text = str(body.get_content()) if body else ""
        if found := re.search(r"/stock-notices/[\w.-]+", text):
            return found[0]
    return None
