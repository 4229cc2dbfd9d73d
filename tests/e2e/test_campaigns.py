"""A campaign, from an operator's draft to a reader's inbox."""

from tests.e2e.aws import invoke, rule_event
from tests.e2e.shop import Shop
from tests.waiting import eventually

CREATE = """mutation($i: CreateCampaignInput!) {
  createCampaign(input: $i) { id state nextRunAt }
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


def titles(person: Shop) -> list[str]:
    return [each["title"] for each in person.inbox()]


def test_friday_rule_brings_a_campaign_to_its_readers_once(admin: Shop, customer: Shop) -> None:
    campaign = admin.graphql(CREATE, i=NEXT_FRIDAY)["createCampaign"]
    preview = admin.graphql(PREVIEW, id=campaign["id"])["previewCampaign"]
    assert preview["audienceSize"] >= 1
    assert preview["sample"]["inboxBody"].endswith("Your voucher: WINTER-10")
    started = admin.graphql(START, id=campaign["id"])["startCampaign"]
    assert started["state"] == "SCHEDULED"

    rule = rule_event()
    begun = invoke("tidings-send-promotions", rule)
    assert begun["campaigns_begun"] >= 1
    assert invoke("tidings-send-promotions", rule) == {"done_before": 1}

    eventually(lambda: titles(customer) == ["Winter days"], seconds=20)
    numbers = eventually(
        lambda: (
            (look := admin.graphql(NUMBERS, id=campaign["id"])["getCampaign"])["state"]
            == "FINISHED"
            and look["numbers"]
        )
    )
    assert numbers["audience"] == numbers["sent"] == preview["audienceSize"]
    assert titles(customer) == ["Winter days"]


def test_rest_takes_a_campaign_through_its_states(admin: Shop, customer: Shop) -> None:
    draft = {
        "name": "Winter days",
        "template_code": "promotion",
        "audience": {"language": "xx"},
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
