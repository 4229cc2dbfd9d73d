"""Edits that run at the same time as other edits, as steps, and as the start of a run."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from tests.integration.builders import Queues, at_once
from tests.integration.campaigns.builders import (
    MONDAY,
    ON_MONDAY,
    ON_TUESDAY,
    OPERATOR,
    SATURDAY,
    TUESDAY,
    customers,
    drafted,
    edited,
    started,
    told,
    words_of,
    work_off,
)
from tidings.campaigns import checking, operations
from tidings.campaigns.errors import EditRefused, StaleCampaign
from tidings.campaigns.expanding import expand_campaign
from tidings.campaigns.models import Campaign
from tidings.campaigns.operations import pause_campaign, resume_campaign, start_campaign
from tidings.campaigns.running import run_due_campaigns
from tidings.campaigns.states import CampaignState


def once(call: Callable[[], object]) -> Callable[..., None]:
    """Return a call that is made the first time only."""
    calls = [call]

    def first_time(*_: object) -> None:
        if calls:
            calls.pop()()

    return first_time


def test_of_many_edits_at_once_one_succeeds_and_the_others_are_refused() -> None:
    campaign = started()

    def renamed(name: str) -> str | None:
        try:
            edited(campaign.id, name=name)
        except StaleCampaign:
            return None
        return name

    names = at_once([partial(renamed, f"Day {n}") for n in range(6)])
    (made,) = [each for each in names if each]
    stored = Campaign.objects.get(pk=campaign.id)
    assert (stored.name, stored.version) == (made, 2)


def test_edit_between_the_two_halves_of_another_is_not_overwritten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign = drafted()
    check = checking.check_template
    meanwhile = once(lambda: edited(campaign.id, voucher="SPRING-5"))
    monkeypatch.setattr(operations, "check_template", lambda each: (meanwhile(), check(each)))
    with pytest.raises(StaleCampaign):
        edited(campaign.id, name="Spring days")
    stored = Campaign.objects.get(pk=campaign.id)
    assert (stored.name, stored.voucher) == ("Winter days", "SPRING-5")


def test_start_in_the_middle_of_an_edit_gets_the_new_time(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = drafted(schedule=ON_MONDAY)
    check = checking.check_template
    meanwhile = once(lambda: start_campaign(campaign.id, caller=OPERATOR, at=SATURDAY))
    monkeypatch.setattr(operations, "check_template", lambda each: (meanwhile(), check(each)))
    after = edited(campaign.id, schedule=ON_TUESDAY)
    assert (after.state, after.next_run_at) == (CampaignState.SCHEDULED, TUESDAY)


@pytest.mark.parametrize("verb", ["start", "resume"])
def test_edit_in_the_middle_of_a_step_moves_its_time(
    verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = drafted(schedule=ON_MONDAY)
    step = start_campaign
    if verb == "resume":
        start_campaign(campaign.id, caller=OPERATOR, at=SATURDAY)
        pause_campaign(campaign.id, caller=OPERATOR)
        step = resume_campaign
    due_after = operations._due_after
    calls: list[bool] = []

    def edited_meanwhile(each: Campaign, at: datetime) -> datetime:
        due_at = due_after(each, at)
        if not calls:
            calls.append(True)
            edited(campaign.id, schedule=ON_TUESDAY)
        return due_at

    monkeypatch.setattr(operations, "_due_after", edited_meanwhile)
    taken = step(campaign.id, caller=OPERATOR, at=SATURDAY)
    assert (taken.state, taken.next_run_at) == (CampaignState.SCHEDULED, TUESDAY)
    assert taken.schedule.at == TUESDAY


def test_run_that_begins_during_an_edit_has_the_old_texts(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    customers(3)
    campaign = started(schedule=ON_MONDAY, variables={"message": "Old."})
    check = checking.check_template
    meanwhile = once(lambda: run_due_campaigns(MONDAY))
    monkeypatch.setattr(operations, "check_template", lambda each: (meanwhile(), check(each)))
    with pytest.raises(EditRefused, match="is running cannot"):
        edited(campaign.id, variables={"message": "New."})
    work_off(queues)
    assert words_of(campaign.id) == ["Old."]
    assert len(told(campaign.id)) == 3


@pytest.mark.parametrize("schedule", [ON_MONDAY, ON_TUESDAY], ids=["same time", "moved"])
def test_run_and_edit_at_once_are_entirely_old_or_entirely_new(
    schedule: dict[str, str],
) -> None:
    people = customers(3)
    given: dict[str, Any] = {
        "variables": {"message": "New."},
        "voucher": "NEW-1",
        "schedule": schedule,
    }
    old, new = "Old. Your voucher: OLD-1", "New. Your voucher: NEW-1"
    for _ in range(6):
        campaign = started(schedule=ON_MONDAY, variables={"message": "Old."}, voucher="OLD-1")

        def is_edited(campaign_id: str = campaign.id) -> bool:
            try:
                edited(campaign_id, **given)
            except EditRefused:
                return False
            return True

        is_new, begun_now = at_once(
            [is_edited, lambda: bool(run_due_campaigns(MONDAY)["campaigns_begun"])]
        )
        moved = is_new and schedule == ON_TUESDAY
        assert begun_now != moved
        if moved:
            assert run_due_campaigns(TUESDAY) == {"campaigns_begun": 1}
        expand_campaign(campaign.id, Campaign.objects.get(pk=campaign.id).run.id)
        assert words_of(campaign.id) == [new if is_new else old]
        assert told(campaign.id) == dict.fromkeys(people, 1)
