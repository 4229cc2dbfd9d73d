"""A campaign notifies each person of its audience once, despite repetitions and crashes."""

import pytest
from campaigns.campaigns import handler

from tests.integration.builders import CONTEXT, Queues, at_once
from tests.integration.campaigns.builders import (
    OPERATOR,
    QUEUE,
    a_campaign,
    begun,
    customers,
    drafted,
    state_of,
    told,
    work_off,
)
from tests.integration.monitoring.builders import break_template
from tidings.campaigns import expanding
from tidings.campaigns.events import PromoCampaign, PromoCampaignData
from tidings.campaigns.expanding import PEOPLE_PER_CHUNK, expand_campaign
from tidings.campaigns.forecasting import forecast
from tidings.campaigns.models import Campaign
from tidings.campaigns.operations import (
    pause_campaign,
    resume_campaign,
    start_campaign,
    stop_campaign,
)
from tidings.campaigns.running import run_due_campaigns
from tidings.campaigns.states import CampaignState
from tidings.delivery.models import Notification
from tidings.notifications import chunks
from tidings.notifications.creating import create_notifications
from tidings.platform.messaging import outbox
from tidings.platform.messaging.outbox import MAX_NOTED, take_stored
from tidings.platform.messaging.relay import publish_stored


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expanding, "PEOPLE_PER_CHUNK", 10)


def test_one_invocation_can_publish_the_events_of_a_chunk() -> None:
    assert PEOPLE_PER_CHUNK < MAX_NOTED


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("people", [0, 1, 9, 10, 11, 35])
def test_each_person_is_notified_once(queues: Queues, people: int) -> None:
    everybody = customers(people)
    campaign = begun(voucher="WINTER-10", variables={"message": "Warm things."})

    chunks = work_off(queues)

    assert chunks == people // 10 + 1
    assert told(campaign.id) == dict.fromkeys(everybody, 1)
    stored = Campaign.objects.get(pk=campaign.id)
    assert (stored.state, stored.run.audience) == ("finished", people)
    assert stored.run.finished_at is not None


def test_notifications_have_the_campaigns_texts(queues: Queues) -> None:
    (reader,) = customers(1, language="de")
    campaign = begun(voucher="WINTER-10", variables={"message": "Warme Sachen."})

    work_off(queues)

    (notification,) = Notification.objects(campaign_id=campaign.id)
    assert notification.user_id == reader
    assert (notification.kind, notification.category) == ("promo.campaign", "promotions")
    assert notification.title == "Winter days"
    assert notification.body == "Warme Sachen. Ihr Gutschein: WINTER-10"
    assert notification.subject_id == campaign.id


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("times", [1, 3])
def test_campaign_goes_on_after_chunks_in_which_nobody_fits(queues: Queues, times: int) -> None:
    customers(25)
    rare = customers(1, language="is")
    customers(25, language="de")
    rare += customers(2, language="is-IS")
    customers(25)
    campaign = begun(audience={"language": "is"})

    assert work_off(queues, times=times) == 8

    assert told(campaign.id) == dict.fromkeys(rare, 1)
    stored = Campaign.objects.get(pk=campaign.id)
    assert (stored.state, stored.run.audience) == ("finished", 3)


@pytest.mark.usefixtures("small_chunks")
def test_repeated_messages_notify_once(queues: Queues) -> None:
    everybody = customers(35)
    campaign = begun()

    assert work_off(queues, times=3) == 4

    assert told(campaign.id) == dict.fromkeys(everybody, 1)
    assert Campaign.objects.get(pk=campaign.id).run.audience == 35


@pytest.mark.usefixtures("small_chunks")
def test_chunk_handled_concurrently_continues_once(queues: Queues) -> None:
    everybody = customers(15)
    campaign = begun()
    run_id = Campaign.objects.get(pk=campaign.id).run.id
    take_stored()

    at_once([lambda: expand_campaign(campaign.id, run_id)] * 6)

    stored = Campaign.objects.get(pk=campaign.id)
    assert [each.type for each in stored.outbox] == ["promo.campaign", "campaign.expand"]
    assert stored.run.audience == 10
    expand_campaign(campaign.id, run_id, stored.run.cursor)
    assert told(campaign.id) == dict.fromkeys(everybody, 1)


@pytest.mark.usefixtures("small_chunks")
def test_crash_between_notifying_and_continuing_notifies_once(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = customers(25)
    campaign = begun()
    publish_stored()
    (message,) = queues.take(QUEUE, 1)
    with monkeypatch.context() as patch:
        patch.setattr(outbox, "change", _die)
        with pytest.raises(KeyboardInterrupt):
            handler(queues.event_of(QUEUE, [message]), CONTEXT)
    assert len(told(campaign.id)) == 10

    handler(queues.event_of(QUEUE, [message]), CONTEXT)
    work_off(queues)

    assert told(campaign.id) == dict.fromkeys(everybody, 1)
    assert Campaign.objects.get(pk=campaign.id).run.audience == 25


@pytest.mark.usefixtures("small_chunks")
def test_paused_campaign_continues_where_it_stopped(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = customers(35)
    campaign = begun()
    publish_stored()
    (first,) = queues.take(QUEUE, 1)
    handler(queues.event_of(QUEUE, [first]), CONTEXT)
    pause_campaign(campaign.id, caller=OPERATOR)
    assert work_off(queues) == 1
    assert len(told(campaign.id)) == 10

    resume_campaign(campaign.id, caller=OPERATOR)
    assert work_off(queues) == 3

    assert told(campaign.id) == dict.fromkeys(everybody, 1)
    assert state_of(campaign.id) == "finished"


@pytest.mark.usefixtures("small_chunks")
def test_pause_and_resume_before_the_next_chunk_start_no_second_chain(queues: Queues) -> None:
    everybody = customers(35)
    campaign = begun()
    publish_stored()
    pause_campaign(campaign.id, caller=OPERATOR)
    resume_campaign(campaign.id, caller=OPERATOR)

    # The event, the resumed chunk, and one message for each chunk.
    assert work_off(queues) == 2 + 3

    assert told(campaign.id) == dict.fromkeys(everybody, 1)
    assert Campaign.objects.get(pk=campaign.id).run.audience == 35


@pytest.mark.usefixtures("small_chunks")
def test_chunk_handled_during_a_pause_is_counted_once(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = customers(15)
    campaign = begun()
    publish_stored()

    def told_while_paused(*arguments: object, **named: object) -> object:
        pause_campaign(campaign.id, caller=OPERATOR)
        return create_notifications(*arguments, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(chunks, "create_notifications", told_while_paused)
        (first,) = queues.take(QUEUE, 1)
        handler(queues.event_of(QUEUE, [first]), CONTEXT)
    assert state_of(campaign.id) == "paused"

    resume_campaign(campaign.id, caller=OPERATOR)
    work_off(queues)

    assert told(campaign.id) == dict.fromkeys(everybody, 1)
    assert Campaign.objects.get(pk=campaign.id).run.audience == 15


@pytest.mark.usefixtures("small_chunks")
def test_stopped_campaign_notifies_no_more_people(queues: Queues) -> None:
    customers(25)
    campaign = begun()
    publish_stored()
    (first,) = queues.take(QUEUE, 1)
    handler(queues.event_of(QUEUE, [first]), CONTEXT)
    stop_campaign(campaign.id, caller=OPERATOR)
    work_off(queues)
    assert len(told(campaign.id)) == 10
    assert state_of(campaign.id) == "stopped"


def test_weekly_campaign_notifies_everyone_once_a_week(queues: Queues) -> None:
    everybody = customers(3)
    campaign = begun(schedule={"kind": "weekly"})
    work_off(queues)
    stored = Campaign.objects.get(pk=campaign.id)
    assert stored.state == "scheduled"
    assert campaign.next_run_at
    assert (stored.next_run_at - campaign.next_run_at).days == 7
    assert run_due_campaigns(campaign.next_run_at) == {"campaigns_begun": 0}

    assert run_due_campaigns(stored.next_run_at) == {"campaigns_begun": 1}
    work_off(queues, times=2)

    assert told(campaign.id) == dict.fromkeys(everybody, 2)
    stored = Campaign.objects.get(pk=campaign.id)
    assert (stored.told_before, stored.run.audience) == (3, 3)


def test_event_of_an_old_run_does_nothing(queues: Queues) -> None:
    customers(3)
    campaign = a_campaign(CampaignState.RUNNING)
    expand_campaign(campaign.id, "another-run")
    expand_campaign("6b0152a9f6b097fd8ed20ac1", "run-1")
    assert not told(campaign.id)


def test_run_begins_once_for_repeated_rules() -> None:
    campaign = start_campaign(drafted().id, caller=OPERATOR)
    assert campaign.next_run_at
    calls = [lambda: run_due_campaigns(campaign.next_run_at)] * 6
    assert sum(each["campaigns_begun"] for each in at_once(calls)) == 1
    stored = Campaign.objects.get(pk=campaign.id)
    assert [each.type for each in stored.outbox] == ["promo.campaign"]


def test_database_commands_of_a_chunk_do_not_grow_with_its_people(
    commands: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = []
    for people in (5, 300):
        customers(people)
        campaign = begun(audience={"bought_category": "pens", "inactive_days": 30})
        run_id = Campaign.objects.get(pk=campaign.id).run.id
        commands.clear()
        expand_campaign(campaign.id, run_id)
        counts.append(len([each for each in commands if each != "getMore"]))
    assert counts[0] == counts[1] <= 12


def _die(*_: object, **__: object) -> object:
    raise KeyboardInterrupt


def test_redrive_of_a_chunk_is_forecast_by_rendering_its_first_messages() -> None:
    customers(2)
    campaign = begun()
    stored = Campaign.objects.get(pk=campaign.id)
    data = PromoCampaignData(campaign_id=campaign.id, run_id=stored.run.id)
    event = PromoCampaign(subject=campaign.id, data=data)
    assert forecast(event, renders=True) is None
    Campaign.objects(pk=campaign.id).update_one(set__name="Spring days")
    version = break_template("promotion", "campaign")
    found = forecast(event, renders=True)
    assert found is not None
    assert found.outcome == "would_fail"
    assert f"promotion v{version}, email.text, line 3" in found.reason
    assert told(campaign.id) == {}


def test_redrive_is_forecast_with_those_people_of_a_chunk_who_fit() -> None:
    customers(5)
    customers(1, language="is")
    campaign = begun(audience={"language": "is"})
    stored = Campaign.objects.get(pk=campaign.id)
    data = PromoCampaignData(campaign_id=campaign.id, run_id=stored.run.id)
    Campaign.objects(pk=campaign.id).update_one(set__name="Spring days")
    break_template("promotion", "campaign")
    found = forecast(PromoCampaign(subject=campaign.id, data=data), renders=True)
    assert found is not None
    assert found.outcome == "would_fail"
