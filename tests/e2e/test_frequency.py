"""A person gets no more promotions by mail than the table allows."""

from typing import Any
from uuid import uuid4

from tests.e2e.aws import invoke
from tests.e2e.outside import code_in_mail_to, mails_to
from tests.e2e.shop import PASSWORD, REGISTER, Shop
from tests.waiting import eventually

MOST = 10
"""The limit of promotional mails in a day, in the table."""

EXPLAIN = """query($id: ID!) { explainNotification(id: $id) {
  events { notifications { channels { channel reason sentence } } } } }"""


def test_promotion_beyond_the_limit_is_in_the_status_and_not_in_the_mailbox(
    shop: Shop, admin: Shop
) -> None:
    address = f"ada-{uuid4().hex}@example.com"
    shop.graphql(REGISTER, i={"email": address, "password": PASSWORD, "name": "Ada"})
    verified = {"email": address, "code": code_in_mail_to(address), "password": PASSWORD}
    assert shop.rest("POST", "/verify-email", verified).status_code == 200
    reader = shop.login(address, PASSWORD)
    reader.rest("PUT", "/users/me/preferences", {"promotions": {"email": True}})
    made = invoke("tidings-create-service", {"name": "Newsletter"})
    token = shop.rest("POST", "/service-sessions", made).json()["data"]["access_token"]
    service = Shop(shop.api_url, shop.http, token)

    sent = [_send(service, reader) for _ in range(MOST)]
    assert {_outcome(service, each)["status"] for each in sent} <= {"sent", "delivered"}
    last = _send(service, reader)
    refused = _outcome(service, last)
    assert (refused["status"], refused["reason"]) == (
        "suppressed",
        f"frequency_cap promotions {MOST}/1d",
    )
    told = admin.graphql(EXPLAIN, id=last)["explainNotification"]["events"][0]
    (mail,) = [e for e in told["notifications"][0]["channels"] if e["channel"] == "email"]
    assert mail["reason"] == "frequency_cap"
    promotions = [each for each in mails_to(address) if each["Subject"] == "Spring days"]
    assert len(promotions) == MOST


def _send(service: Shop, reader: Shop) -> str:
    """Send a promotion by mail; return its id."""
    body = {
        "notification_type": "email",
        "user_id": reader.user_id,
        "template_code": "promotion",
        "variables": {"message": "Everything for the garden.", "campaign": "Spring days"},
        "request_id": uuid4().hex,
    }
    answer = service.rest("POST", "/notifications", body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["data"]["id"])


def _outcome(service: Shop, sent: str) -> Any:
    """Wait for what becomes of the mail."""

    def settled() -> Any:
        (found,) = service.rest("GET", f"/notifications/{sent}/status").json()["data"]["deliveries"]
        return found if found["status"] in {"sent", "delivered", "suppressed", "failed"} else None

    return eventually(settled, what="the outcome of the mail")
