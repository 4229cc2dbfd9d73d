"""Tests of the operations on campaigns, and of their refusals."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.builders import at_once
from tests.integration.campaigns.builders import (
    OPERATOR,
    a_campaign,
    customers,
    drafted,
    state_of,
)
from tidings.campaigns.errors import (
    CampaignNotFound,
    CampaignStepRefused,
    NothingToResume,
    TimeHasPassed,
    UnknownTemplate,
    VariableMissing,
)
from tidings.campaigns.models import Campaign
from tidings.campaigns.operations import (
    pause_campaign,
    resume_campaign,
    start_campaign,
    stop_campaign,
)
from tidings.campaigns.queries import get_campaign, get_campaigns, preview_campaign
from tidings.campaigns.running import run_due_campaigns
from tidings.campaigns.schemas import CampaignFilter
from tidings.campaigns.states import CampaignState
from tidings.delivery.models import Delivery, Notification, Unsubscription
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.timing.clock import new_id, now

STEPS = {
    "start": start_campaign,
    "pause": pause_campaign,
    "resume": resume_campaign,
    "stop": stop_campaign,
}
SATURDAY = datetime(2026, 11, 21, 10, tzinfo=UTC)
SUNDAY_MORNING = datetime(2026, 11, 22, 7, 30, tzinfo=UTC)
FRIDAY_NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def test_campaign_begins_as_a_draft() -> None:
    campaign = drafted(audience={"language": "de"}, voucher="W-10", variables={"message": "Hi"})
    details = get_campaign(campaign.id, caller=OPERATOR)
    assert (details.state, details.audience.language) == (CampaignState.DRAFT, "de")
    assert (details.next_run_at, details.run) == (None, None)
    assert [each.user_id for each in details.history] == [OPERATOR.user_id]
    assert details.numbers.audience == details.numbers.sent == 0


@pytest.mark.parametrize(
    ("schedule", "due_at"),
    [
        ({"kind": "next_friday"}, FRIDAY_NOON),
        ({"kind": "weekly"}, FRIDAY_NOON),
        ({"kind": "at", "at": "2026-11-22T08:30:00+01:00"}, SUNDAY_MORNING),
    ],
)
def test_started_campaign_waits_for_its_time(schedule: dict[str, str], due_at: datetime) -> None:
    campaign = start_campaign(drafted(schedule=schedule).id, caller=OPERATOR, at=SATURDAY)
    assert (campaign.state, campaign.next_run_at) == (CampaignState.SCHEDULED, due_at)
    assert run_due_campaigns(due_at - timedelta(seconds=1)) == {"campaigns_begun": 0}
    assert run_due_campaigns(due_at) == {"campaigns_begun": 1}
    assert state_of(campaign.id) == "running"


def test_campaign_whose_time_has_passed_is_not_started() -> None:
    campaign = drafted(schedule={"kind": "at", "at": "2026-11-20T08:00:00Z"})
    with pytest.raises(TimeHasPassed):
        start_campaign(campaign.id, caller=OPERATOR, at=SATURDAY)
    assert state_of(campaign.id) == "draft"


# The accepted steps of each state, with the next state.
TABLE = {
    CampaignState.DRAFT: {"start": "scheduled", "stop": "stopped"},
    CampaignState.SCHEDULED: {"pause": "paused", "stop": "stopped"},
    CampaignState.RUNNING: {"pause": "paused", "stop": "stopped"},
    CampaignState.PAUSED: {"resume": "scheduled", "stop": "stopped"},
    CampaignState.FINISHED: {},
    CampaignState.STOPPED: {},
}


@pytest.mark.parametrize("verb", STEPS)
@pytest.mark.parametrize("state", CampaignState)
def test_step_is_accepted_or_refused(state: CampaignState, verb: str) -> None:
    campaign = a_campaign(state)
    leads_to = TABLE[state].get(verb)
    if leads_to is None:
        with pytest.raises((CampaignStepRefused, NothingToResume)):
            STEPS[verb](campaign.id, caller=OPERATOR)
    else:
        STEPS[verb](campaign.id, caller=OPERATOR)
    assert state_of(campaign.id) == (leads_to or state.value)
    assert len(Campaign.objects.get(pk=campaign.id).history) == bool(leads_to)


@pytest.mark.parametrize("verb", STEPS)
def test_unknown_campaign_is_not_found(verb: str) -> None:
    with pytest.raises(CampaignNotFound):
        STEPS[verb](new_id(), caller=OPERATOR)


def test_concurrent_starts_start_it_once() -> None:
    campaign = drafted()

    def start() -> bool:
        try:
            start_campaign(campaign.id, caller=OPERATOR)
        except CampaignStepRefused:
            return False
        return True

    assert at_once([start] * 6).count(True) == 1
    assert len(Campaign.objects.get(pk=campaign.id).history) == 2


def test_paused_campaign_that_missed_its_friday_waits_for_the_next() -> None:
    campaign = start_campaign(drafted().id, caller=OPERATOR, at=SATURDAY)
    pause_campaign(campaign.id, caller=OPERATOR)
    assert run_due_campaigns(FRIDAY_NOON) == {"campaigns_begun": 0}
    resumed = resume_campaign(campaign.id, caller=OPERATOR, at=FRIDAY_NOON)
    assert resumed.next_run_at == FRIDAY_NOON + timedelta(days=7)


def test_paused_campaign_that_missed_its_time_runs_at_once_when_resumed() -> None:
    schedule = {"kind": "at", "at": "2026-11-22T08:00:00Z"}
    campaign = start_campaign(drafted(schedule=schedule).id, caller=OPERATOR, at=SATURDAY)
    pause_campaign(campaign.id, caller=OPERATOR)
    resume_campaign(campaign.id, caller=OPERATOR, at=FRIDAY_NOON)
    assert run_due_campaigns(FRIDAY_NOON) == {"campaigns_begun": 1}


def test_template_must_exist_and_get_its_variables() -> None:
    with pytest.raises(UnknownTemplate):
        drafted(template_code="no_such_template")
    with pytest.raises(VariableMissing) as refused:
        drafted(template_code="order_confirmed")
    assert refused.value.field == "variables.order_id"
    assert Campaign.objects.count() == 0


def test_preview_has_the_audience_and_the_texts() -> None:
    customers(3, language="de")
    customers(2)
    campaign = drafted(audience={"language": "de"}, voucher="W-10", variables={"message": "Hallo."})
    preview = preview_campaign(campaign.id, language="de", caller=OPERATOR)
    assert (preview.audience_size, preview.audience_complete) == (3, True)
    assert preview.sample.inbox_title == "Winter days"
    assert preview.sample.inbox_body == "Hallo. Ihr Gutschein: W-10"
    assert "W-10" in (preview.sample.email_html or "")
    assert Notification.objects.count() == 0


def test_list_is_filtered_by_state_and_sorted_by_time() -> None:
    first, second = drafted(), drafted()
    stop_campaign(drafted().id, caller=OPERATOR)
    page = get_campaigns(
        PageRequest.model_validate({"limit": 10}),
        CampaignFilter(state=CampaignState.DRAFT),
        caller=OPERATOR,
    )
    assert [each.id for each in page.items] == [second.id, first.id]


def test_results_count_people_and_messages() -> None:
    campaign = drafted()
    a_notification(campaign.id, read=True, inbox="delivered", email="sent")
    a_notification(campaign.id, inbox="delivered", email="failed")
    a_notification(campaign.id, inbox="suppressed", email="delivered")
    a_notification(campaign.id, inbox="suppressed", email="failed", push="suppressed")
    a_notification(campaign.id, inbox="suppressed", email="scheduled")
    a_notification(campaign.id, inbox="suppressed", push="suppressed")
    a_notification(new_id(), inbox="delivered")

    numbers = get_campaign(campaign.id, caller=OPERATOR).numbers

    people = numbers.model_dump(exclude={"channels", "audience"})
    assert people == {
        "sent": 3,
        "delivered": 3,
        "failed": 1,
        "suppressed": 1,
        "waiting": 1,
        "read": 1,
        "unsubscribed": 0,
        **{"tracked": 0, "opened": 0, "clicked": 0, "variants": []},
    }
    email = next(each for each in numbers.channels if each.channel == "email")
    assert email.model_dump(exclude={"channel"}) == {
        "sent": 2,
        "delivered": 1,
        "failed": 2,
        "suppressed": 0,
        "waiting": 1,
    }
    assert [each.channel for each in numbers.channels] == ["inbox", "email", "push"]


def test_unsubscribed_people_are_counted() -> None:
    campaign = drafted()
    mailed = a_notification(campaign.id, inbox="delivered", email="delivered")
    a_notification(campaign.id, inbox="delivered", email="delivered")
    Unsubscription(id=mailed, user_id=new_id(), category="promotions").save()
    assert get_campaign(campaign.id, caller=OPERATOR).numbers.unsubscribed == 1


def a_notification(campaign_id: str, *, read: bool = False, **deliveries: str) -> str:
    notification = Notification(
        user_id=new_id(),
        kind="promo.campaign",
        title="Winter days",
        body="-",
        subject_id=campaign_id,
        dedupe_key=new_id(),
        event_id="event-1",
        campaign_id=campaign_id,
        read_at=now() if read else None,
        deliveries={name: Delivery(status=status) for name, status in deliveries.items()},
    ).save()
    return str(notification.id)
