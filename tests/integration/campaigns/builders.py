"""Builders for tests of campaigns."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from campaigns.campaigns import handler

from tests.integration.builders import CONTEXT, Queues, a_person, an_address
from tidings.campaigns.models import Campaign, CampaignAudience, CampaignRun, CampaignSchedule
from tidings.campaigns.operations import create_campaign, edit_campaign, start_campaign
from tidings.campaigns.running import run_due_campaigns
from tidings.campaigns.schemas import CampaignView, CreateCampaign, EditCampaign
from tidings.campaigns.states import CampaignState
from tidings.delivery.models import Notification
from tidings.platform.messaging.relay import publish_stored
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import new_id, now
from tidings.users.models import User

OPERATOR = a_person(Role.OPERATOR)
QUEUE = "campaigns.queue"
SATURDAY = datetime(2026, 11, 21, 10, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
TUESDAY = datetime(2026, 11, 24, 9, tzinfo=UTC)
FRIDAY_NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
ON_MONDAY = {"kind": "at", "at": MONDAY.isoformat()}
ON_TUESDAY = {"kind": "at", "at": TUESDAY.isoformat()}


def a_campaign(state: CampaignState = CampaignState.DRAFT, **values: Any) -> Campaign:
    """Return a campaign in this state, without the history that leads to it."""
    described: dict[str, Any] = {
        "name": "Winter days",
        "template_code": "promotion",
        "audience": CampaignAudience(),
        "schedule": CampaignSchedule(kind="next_friday"),
        "state": state.value,
    }
    if state in (CampaignState.SCHEDULED, CampaignState.PAUSED):
        described["next_run_at"] = now() + timedelta(days=1)
    if state is CampaignState.RUNNING:
        described["run"] = CampaignRun(id="run-1", due_at=now(), started_at=now())
    campaign: Campaign = Campaign(**described | values).save(force_insert=True)
    return campaign


def drafted(**values: Any) -> CampaignView:
    described = {
        "name": "Winter days",
        "template_code": "promotion",
        "schedule": {"kind": "next_friday"},
    }
    return create_campaign(CreateCampaign.model_validate(described | values), caller=OPERATOR)


def begun(**values: Any) -> CampaignView:
    """Return a campaign whose run has begun and whose event is not published yet."""
    campaign = start_campaign(drafted(**values).id, caller=OPERATOR)
    assert campaign.next_run_at
    assert run_due_campaigns(campaign.next_run_at) == {"campaigns_begun": 1}
    return campaign


def customers(count: int, **preferences: Any) -> list[str]:
    """Add customers in one write; return their ids."""
    people = [
        User(
            id=new_id(),
            email=an_address(),
            name="Ada",
            password_hash="-",
            role="customer",
            preferences=preferences,
            verified_at=now(),
            created_at=now() - timedelta(days=400),
        )
        for _ in range(count)
    ]
    if people:
        User._get_collection().insert_many([each.to_mongo() for each in people])
    return [each.id for each in people]


def work_off(queues: Queues, *, times: int = 1) -> int:
    """Give the consumer each message until none is left; return their number."""
    publish_stored()
    handled = 0
    while taken := queues.take_all(QUEUE):
        for message in taken:
            for _ in range(times):
                handler(queues.event_of(QUEUE, [message]), CONTEXT)
            handled += 1
    return handled


def told(campaign_id: str) -> Counter[str]:
    """Return the number of a campaign's notifications for each person."""
    return Counter(Notification.objects(campaign_id=campaign_id).scalar("user_id"))


def state_of(campaign_id: str) -> str:
    state: str = Campaign.objects.get(pk=campaign_id).state
    return state


def someone(role: Role = Role.CUSTOMER, registered: datetime | None = None) -> Principal:
    user = User(
        email=an_address(),
        name="Ada",
        password_hash="-",
        role=role.value,
        created_at=registered or now() - timedelta(days=400),
    ).save()
    return Principal(user_id=user.id, role=role)


def started(**values: Any) -> CampaignView:
    return start_campaign(drafted(**values).id, caller=OPERATOR, at=SATURDAY)


def edited(campaign_id: str, version: int = 1, *, at: datetime = SATURDAY, **given: Any) -> Any:
    """Edit a campaign; the fields are given as in REST."""
    change = EditCampaign.model_validate({"version": version} | given)
    return edit_campaign(campaign_id, change, caller=OPERATOR, at=at)


def words_of(campaign_id: str) -> list[str]:
    """Return the different texts of the notifications."""
    return sorted({each.body for each in Notification.objects(campaign_id=campaign_id)})
