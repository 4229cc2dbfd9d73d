"""Simulated recipients and test keys on a stack: a story of each outcome, by a foreign client."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.aws import invoke, log_lines
from tests.e2e.shop import Shop
from tests.waiting import eventually

DELIVERS, BOUNCES, COMPLAINS, RECOVERS, FAILS, SUPPRESSED = (f"{n:024}" for n in range(1, 7))


def a_service(shop: Shop, kind: str) -> Shop:
    made = invoke("tidings-create-service", {"name": "Developer", "kind": kind})
    answer = shop.rest("POST", "/service-sessions", made)
    assert answer.status_code == 201
    return Shop(shop.api_url, shop.http, answer.json()["data"]["access_token"])


@pytest.fixture(scope="module")
def live(shop: Shop) -> Shop:
    return a_service(shop, "live")


@pytest.fixture(scope="module")
def tester(shop: Shop) -> Shop:
    return a_service(shop, "test")


@pytest.fixture(scope="module")
def text_message(admin: Shop) -> str:
    """Return the code of a template with a text message: no built-in one has any."""
    code = f"packed_{uuid4().hex}"
    words = "Order {{ order_id }} is {{ state }}."
    variant = {"language": "en", "inbox": {"title": words, "body": words}, "sms": {"text": words}}
    names = ["order_id", "state"]
    body = {"code": code, "category": "orders", "required_variables": names, "variants": [variant]}
    answer = admin.rest("POST", "/templates", body)
    assert answer.status_code == 201, answer.text
    return code


def send(
    service: Shop, user_id: str | None, channel: str, template: str = "order_status_update"
) -> Any:
    body = {
        "notification_type": channel,
        "user_id": user_id,
        "template_code": template,
        "variables": {"order_id": uuid4().hex, "state": "packed"},
        "request_id": uuid4().hex,
    }
    return service.rest("POST", "/notifications", body)


def reaches(
    service: Shop,
    user_id: str | None,
    channel: str,
    *steps: str,
    reason: str | None,
    template: str = "order_status_update",
) -> Any:
    """Send a message, and wait until its delivery has exactly these last steps."""
    answer = send(service, user_id, channel, template)
    assert answer.status_code == 202, answer.text
    path = f"/notifications/{answer.json()['data']['id']}/status"

    def found() -> Any:
        told = service.rest("GET", path).json()["data"]
        (delivery,) = told["deliveries"]
        taken = [each["status"] for each in delivery["steps"]]
        return (told, delivery) if taken[-len(steps) :] == list(steps) else None

    told, delivery = eventually(found, what=f"{steps} by {channel}")
    assert told["simulated"]
    assert delivery["reason"] == reason
    return delivery


def test_mail_is_delivered(live: Shop) -> None:
    found = reaches(live, DELIVERS, "email", "sending", "sent", "delivered", reason=None)
    assert found["provider"] == "simulated"


def test_mail_bounces_each_time(live: Shop) -> None:
    for _ in range(2):
        reaches(live, BOUNCES, "email", "sending", "sent", "failed", reason="hard_bounce")


def test_recipient_of_a_mail_complains(live: Shop) -> None:
    reaches(live, COMPLAINS, "email", "failed", reason="complaint")


def test_mail_is_accepted_after_two_failures(live: Shop) -> None:
    steps = [*("queued", "sending") * 3, "sent", "delivered"]
    reaches(live, RECOVERS, "email", *steps, reason=None)


def test_push_message_that_always_fails_is_tried_again(live: Shop) -> None:
    steps = [*("queued", "sending") * 2, "queued"]
    reaches(live, FAILS, "push", *steps, reason="unavailable")


def test_suppressed_address_gets_no_mail(live: Shop) -> None:
    reaches(live, SUPPRESSED, "email", "suppressed", reason="hard_bounce")


@pytest.mark.parametrize("channel", ["push", "webhook"])
def test_other_channels_accept_and_refuse(live: Shop, channel: str) -> None:
    reaches(live, DELIVERS, channel, "sent", reason=None)
    reason = {"push": "dead_device", "webhook": "refused"}[channel]
    reaches(live, BOUNCES, channel, "failed", reason=reason)


TEXT_MESSAGES = {
    DELIVERS: (["queued", "sending", "sent"], None),
    BOUNCES: (["queued", "sending", "failed"], "bad_address"),
    COMPLAINS: (["queued", "sending", "failed"], "opted_out"),
    RECOVERS: ([*("queued", "sending") * 3, "sent"], None),
    FAILS: ([*("queued", "sending") * 2, "queued"], "unavailable"),
    SUPPRESSED: (["queued", "sending", "sent"], None),  # only mails have such a list
}


@pytest.mark.parametrize("person", TEXT_MESSAGES)
def test_text_message_has_the_outcome_of_its_recipient(
    live: Shop, text_message: str, person: str
) -> None:
    steps, reason = TEXT_MESSAGES[person]
    reaches(live, person, "sms", *steps, reason=reason, template=text_message)


def test_test_key_reaches_no_inbox(tester: Shop, customer: Shop) -> None:
    reaches(tester, customer.user_id, "inbox", "delivered", reason=None)
    assert customer.rest("GET", "/notifications/me?category=orders").json()["data"] == []


def test_team_key_refuses_others(shop: Shop, customer: Shop) -> None:
    team = a_service(shop, "team")
    refused = send(team, customer.user_id, "inbox")
    assert refused.status_code == 422
    assert refused.json()["error"]["details"][0]["field"] == "user_id"
    assert send(team, DELIVERS, "email").status_code == 202


def test_status_is_reported_to_the_callback_of_the_service(shop: Shop) -> None:
    """A stack calls public hosts only; tests/integration has the calls of a receiver."""
    made = invoke("tidings-create-service", {"name": "Reported", "kind": "test"})
    url = "https://statuses.shop.example/hook"
    callback = {"client_id": made["client_id"], "url": url}
    assert invoke("tidings-set-service-callback", callback)["secret"].startswith("whsec_")
    token = shop.rest("POST", "/service-sessions", made).json()["data"]["access_token"]
    service, began = Shop(shop.api_url, shop.http, token), datetime.now(UTC)
    delivery = reaches(service, DELIVERS, "email", "sent", "delivered", reason=None)
    sent = delivery["provider_message_id"].partition("-")[0]
    reports = {f"report:{sent}:email:{status}" for status in ("sent", "delivered")}

    def received() -> set[str]:
        found = log_lines("tidings-report-statuses", began, event_type="status.report")
        return {each["message_id"] for each in found}

    eventually(lambda: received() >= reports, what="both reports")
