"""A campaign from an operator's draft to a reader's inbox.

Each test uses a language of its own, so that no other test changes its audience.
"""

import re
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.e2e.aws import invoke, rule_event
from tests.e2e.outside import code_in_mail_to, mails_to
from tests.e2e.shop import PASSWORD, REGISTER, Shop
from tests.waiting import eventually

CREATE = """mutation($i: CreateCampaignInput!) {
  createCampaign(input: $i) { id state nextRunAt }
}"""
EDIT = """mutation($id: ID!, $i: EditCampaignInput!) {
  editCampaign(id: $id, input: $i) { state version voucher }
}"""
START = "mutation($id: ID!) { startCampaign(id: $id) { state nextRunAt } }"
PREVIEW = """query($id: ID!) {
  previewCampaign(id: $id) { audienceSize audienceComplete sample { inboxTitle inboxBody } }
}"""
NUMBERS = """query($id: ID!) {
  getCampaign(id: $id) { state numbers { audience sent delivered read } }
}"""
NEXT_FRIDAY = {
    "name": "Winter days",
    "templateCode": "promotion",
    "schedule": {"kind": "NEXT_FRIDAY"},
    "voucher": "WINTER-10",
    "variables": {"message": "Everything for a cold evening."},
}


@pytest.fixture
def language() -> str:
    """Return a language that only this test's people read."""
    return f"x-{uuid4().hex[:8]}"


def reader(shop: Shop, language: str) -> Shop:
    person = shop.register()
    chosen = person.rest("PUT", "/users/me/preferences", {"language": language})
    assert chosen.status_code == 200, chosen.text
    return person


def titles(person: Shop) -> list[str]:
    return [each["title"] for each in person.notifications()]


def test_friday_rule_sends_a_campaign_to_its_audience_once(
    shop: Shop, admin: Shop, customer: Shop, language: str
) -> None:
    readers = [reader(shop, language) for _ in range(2)]
    draft = NEXT_FRIDAY | {"audience": {"language": language}}
    campaign = admin.graphql(CREATE, i=draft)["createCampaign"]
    preview = admin.graphql(PREVIEW, id=campaign["id"])["previewCampaign"]
    assert (preview["audienceSize"], preview["audienceComplete"]) == (2, True)
    assert preview["sample"]["inboxBody"].endswith("Your voucher: WINTER-10")
    started = admin.graphql(START, id=campaign["id"])["startCampaign"]
    assert started["state"] == "SCHEDULED"

    rule = rule_event()
    begun = invoke("tidings-send-promotions", rule)
    assert begun["campaigns_begun"] >= 1
    assert invoke("tidings-send-promotions", rule) == {"done_before": 1}

    numbers = eventually(
        lambda: (
            (look := admin.graphql(NUMBERS, id=campaign["id"])["getCampaign"])["state"]
            == "FINISHED"
            and look["numbers"]
        ),
    )
    assert (numbers["audience"], numbers["sent"]) == (2, 2)
    assert [titles(each) for each in readers] == [["Winter days"]] * 2
    assert titles(customer) == []


def test_campaign_that_was_edited_brings_its_new_words(
    shop: Shop, admin: Shop, language: str
) -> None:
    person = reader(shop, language)
    draft = NEXT_FRIDAY | {"audience": {"language": language}}
    campaign_id = admin.graphql(CREATE, i=draft)["createCampaign"]["id"]
    admin.graphql(START, id=campaign_id)

    change = {"version": 1, "name": "Spring days", "variables": {"message": "Tea for two."}}
    answer = admin.rest("PATCH", f"/campaigns/{campaign_id}", change)
    assert (answer.status_code, answer.json()["data"]["state"]) == (200, "scheduled")
    assert admin.rest("PATCH", f"/campaigns/{campaign_id}", change).json() == answer.json()
    edited = admin.graphql(EDIT, id=campaign_id, i={"version": 2, "voucher": None})["editCampaign"]
    assert edited == {"state": "SCHEDULED", "version": 3, "voucher": None}
    assert (
        admin.rest("PATCH", f"/campaigns/{campaign_id}", change | {"name": "X"}).status_code == 409
    )

    assert invoke("tidings-send-promotions", rule_event())["campaigns_begun"] >= 1
    (told,) = eventually(person.notifications)
    assert (told["title"], told["body"]) == ("Spring days", "Tea for two.")


def test_campaign_goes_through_its_states_by_rest(
    admin: Shop, customer: Shop, language: str
) -> None:
    draft = {
        "name": "Winter days",
        "template_code": "promotion",
        "audience": {"language": language},
        "schedule": {"kind": "weekly"},
    }
    created = admin.rest("POST", "/campaigns", draft)
    assert created.status_code == 201
    path = f"/campaigns/{created.json()['data']['id']}"
    assert admin.rest("GET", f"{path}/preview").json()["data"]["audience_size"] == 0
    states = [
        admin.rest("POST", f"{path}/{verb}").json()["data"]["state"]
        for verb in ("start", "pause", "resume", "stop")
    ]
    assert states == ["scheduled", "paused", "scheduled", "stopped"]
    assert admin.rest("POST", f"{path}/start").status_code == 422
    assert admin.rest("GET", path).json()["data"]["numbers"]["sent"] == 0
    assert customer.rest("GET", path).status_code == 403


def mail_reader(shop: Shop, language: str) -> tuple[Shop, str]:
    """Return a person who gets promotions by mail and agrees to tracking, and the address."""
    address = f"ada-{uuid4().hex}@example.com"
    shop.graphql(REGISTER, i={"email": address, "password": PASSWORD, "name": "Ada"})
    verified = {"email": address, "code": code_in_mail_to(address), "password": PASSWORD}
    assert shop.rest("POST", "/verify-email", verified).status_code == 200
    person = shop.login(address, PASSWORD)
    chosen = {"language": language, "promotions": {"email": True}, "tracking": True}
    answer = person.rest("PUT", "/users/me/preferences", chosen)
    assert answer.json()["data"]["preferences"]["tracking"] is True
    return person, address


def html_of(address: str, subject: str) -> str:
    """Wait for a mail with this subject, and return its HTML."""

    def look() -> str | None:
        for mail in mails_to(address):
            body = mail.get_body(("html",))
            if mail["Subject"] == subject and body is not None:
                return str(body.get_content())
        return None

    return str(eventually(look, what=f"the mail {subject}"))


def call(shop: Shop, html: str, place: str) -> httpx.Response:
    """Open the first address of this kind in a mail, as a mail program does."""
    found = re.search(rf"/api/v1(/{place}/[\w.-]+)", html)
    assert found, html
    return shop.rest("GET", found[1])


def test_experiment_is_decided_by_readers_who_agreed_and_forgotten_when_they_withdraw(
    shop: Shop, admin: Shop, language: str
) -> None:
    person, address = mail_reader(shop, language)
    draft = {
        "name": "Winter days",
        "template_code": "promotion",
        "audience": {"language": language},
        "schedule": {"kind": "next_friday"},
        "variables": {"shop_url": "https://shop.example.com/tea?a=1&b=2"},
        "experiment": {
            "variants": [{}, {"variables": {"campaign": "Tea for two"}}],
            "share_percent": 1,
            "decide_by": "operator",
        },
    }
    original = admin.rest("POST", "/campaigns", draft).json()["data"]["id"]
    copied = admin.rest("POST", f"/campaigns/{original}/copy", {"name": "Spring days"})
    assert (copied.status_code, copied.json()["data"]["state"]) == (201, "draft")
    campaign = f"/campaigns/{copied.json()['data']['id']}"

    trial = {"request_id": "test-1", "variant": "b"}
    sent = [admin.rest("POST", f"{campaign}/test", trial) for _ in range(2)]
    assert [each.status_code for each in sent] == [202, 202]
    assert sent[0].json()["data"] == sent[1].json()["data"]
    assert eventually(lambda: titles(admin)[:1]) == ["[Test] Tea for two"]

    assert admin.rest("POST", f"{campaign}/start").status_code == 200
    assert invoke("tidings-send-promotions", rule_event())["campaigns_begun"] >= 1

    def look() -> dict[str, Any]:
        found: dict[str, Any] = admin.rest("GET", campaign).json()["data"]
        return found

    eventually(lambda: look()["run"]["phase"] == "waiting")
    assert admin.rest("POST", f"{campaign}/winner", {"variant": "b"}).status_code == 200
    eventually(lambda: look()["state"] == "finished")

    html = html_of(address, "Tea for two")
    link, picture = call(shop, html, "clicks"), call(shop, html, "opens")
    assert (link.status_code, link.headers["Location"]) == (
        302,
        "https://shop.example.com/tea?a=1&b=2",
    )
    assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/gif")
    assert picture.content.startswith(b"GIF89a")
    numbers = look()["numbers"]
    assert (numbers["tracked"], numbers["opened"], numbers["clicked"]) == (1, 1, 1)

    person.rest("PUT", "/users/me/preferences", {"tracking": False})
    eventually(lambda: look()["numbers"]["tracked"] == 0)
    assert call(shop, html, "clicks").headers["Location"] == "https://shop.example.com/tea?a=1&b=2"
    assert look()["numbers"]["clicked"] == 0
