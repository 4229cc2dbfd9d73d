"""A campaign from an operator's draft to a reader's inbox.

Each test uses a language of its own, so that no other test changes its audience.
"""

from uuid import uuid4

import pytest

from tests.e2e.aws import invoke, rule_event
from tests.e2e.shop import Shop
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
