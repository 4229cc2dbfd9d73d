"""Add thousands of customers to the stack's database in bulk, and send a campaign to them."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from pymongo import MongoClient

from tests.e2e.aws import invoke, rule_event
from tests.e2e.shop import Shop
from tests.settings import stack_under_test
from tidings.platform.timing.clock import new_id

CREATE: Final = "mutation($i: CreateCampaignInput!) { createCampaign(input: $i) { id } }"
START: Final = "mutation($id: ID!) { startCampaign(id: $id) { state } }"
LOOK: Final = """query($id: ID!) { getCampaign(id: $id) {
  state run { audience finishedAt } numbers { audience sent delivered suppressed read }
} }"""


@dataclass(frozen=True)
class Crowd:
    """The customers, and the databases of the stack."""

    client: MongoClient[dict[str, Any]]
    user_ids: list[str]
    language: str  # no other person reads this language, so the campaign's audience is these people

    def told(self, campaign_id: str) -> int:
        """Return a campaign's progress; counting its notifications would slow it down."""
        run = self._campaign(campaign_id).get("run") or {"audience": 0}
        return int(run["audience"])

    def is_over(self, campaign_id: str) -> bool:
        return bool(self._campaign(campaign_id)["state"] == "finished")

    def told_each(self, campaign_id: str) -> Counter[str]:
        """Return the number of a campaign's notifications for each person."""
        notifications = self.client["tidings_notifications"]["notifications"]
        found = notifications.find({"campaign_id": campaign_id}, {"user_id": 1})
        return Counter(each["user_id"] for each in found)

    def _campaign(self, campaign_id: str) -> dict[str, Any]:
        found = self.client["tidings_campaigns"]["campaigns"].find_one({"_id": campaign_id})
        assert found is not None
        return found


@contextmanager
def crowd_of(count: int) -> Iterator[Crowd]:
    """Add this number of customers, and remove them with their notifications at the end."""
    with MongoClient[dict[str, Any]](stack_under_test().mongodb_uri) as client:
        users = client["tidings_users"]["users"]
        crowd = Crowd(client, [new_id() for _ in range(count)], f"x-{uuid4().hex[:8]}")
        users.insert_many(
            [_customer(each, crowd.language) for each in crowd.user_ids], ordered=False
        )
        try:
            yield crowd
        finally:
            users.delete_many({"preferences.language": crowd.language})
            told = client["tidings_notifications"]["notifications"]
            told.delete_many({"language": crowd.language})


def begin_campaign(admin: Shop, crowd: Crowd) -> str:
    """Start a campaign to the crowd by the rule; return its id."""
    campaign = {
        "name": "Winter days",
        "templateCode": "promotion",
        "audience": {"language": crowd.language},
        "schedule": {"kind": "AT", "at": "2099-01-01T00:00:00Z"},
        "voucher": "WINTER-10",
    }
    campaign_id = str(admin.graphql(CREATE, i=campaign)["createCampaign"]["id"])
    admin.graphql(START, id=campaign_id)
    assert invoke("tidings-run-timed-campaigns", rule_event())["campaigns_begun"] >= 1
    return campaign_id


def look_at(admin: Shop, campaign_id: str) -> dict[str, Any]:
    """Return a campaign as operators see it."""
    found: dict[str, Any] = admin.graphql(LOOK, id=campaign_id)["getCampaign"]
    return found


def _customer(user_id: str, language: str) -> dict[str, Any]:
    return {
        "_id": user_id,
        "email": f"{user_id}@example.com",
        "name": "Ada",
        "password_hash": "-",
        "role": "customer",
        "preferences": {"language": language},
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "outbox": [],
    }
