"""Operators copy campaigns: each copy is a draft of its own."""

from typing import Any

import pytest
from pydantic import ValidationError

from tests.integration.builders import Queues
from tests.integration.campaigns.builders import (
    MONDAY,
    ON_MONDAY,
    OPERATOR,
    SATURDAY,
    a_campaign,
    begun,
    customers,
    drafted,
    edited,
    told,
    work_off,
)
from tidings.campaigns.copying import copy_campaign
from tidings.campaigns.errors import (
    CampaignNotFound,
    TimeHasPassed,
    UnknownTemplate,
    VariableMissing,
)
from tidings.campaigns.models import Campaign, CampaignSchedule
from tidings.campaigns.operations import start_campaign
from tidings.campaigns.schemas import CampaignView, CopyCampaign
from tidings.campaigns.states import CampaignState
from tidings.platform.timing.clock import new_id
from tidings.templates.errors import CodeTemplate


def copied(campaign_id: str, **given: Any) -> CampaignView:
    return copy_campaign(campaign_id, CopyCampaign.model_validate(given), caller=OPERATOR)


def test_copy_has_the_content_audience_and_schedule() -> None:
    original = drafted(
        audience={"language": "de", "inactive_days": 30},
        schedule=ON_MONDAY,
        voucher="W-10",
        variables={"message": "Hi."},
    )
    copy = copied(original.id)
    own = {"id", "name", "history", "created_at"}
    assert copy.model_dump(exclude=own) == original.model_dump(exclude=own)
    assert copy.name == "Copy of Winter days"
    assert copy.id != original.id
    assert CampaignView.model_validate(Campaign.objects.get(pk=copy.id)) == copy
    assert CampaignView.model_validate(Campaign.objects.get(pk=original.id)) == original


@pytest.mark.parametrize("state", CampaignState)
def test_campaign_in_any_state_is_copied_to_a_draft(state: CampaignState) -> None:
    original = a_campaign(state, version=7, told_before=4)
    copy = Campaign.objects.get(pk=copied(original.id).id)
    assert copy.state == CampaignState.DRAFT.value
    assert (copy.run, copy.next_run_at, copy.version, copy.told_before) == (None, None, 1, 0)
    (drafted_by,) = copy.history
    assert drafted_by.user_id == OPERATOR.user_id
    assert Campaign.objects.get(pk=original.id).state == state.value


def test_copy_of_a_campaign_that_was_sent_is_sent_to_nobody(queues: Queues) -> None:
    people = customers(2)
    original = begun()
    work_off(queues)
    copy = copied(original.id)
    work_off(queues)
    assert told(copy.id) == {}
    assert told(original.id) == dict.fromkeys(people, 1)


def test_copy_is_edited_without_the_original() -> None:
    original = drafted(variables={"message": "Hi."})
    copy = copied(original.id, name="Spring days")
    edited(copy.id, variables={"message": "Hello."}, audience={"language": "de"})
    kept = Campaign.objects.get(pk=original.id)
    assert (kept.variables, kept.audience.language) == ({"message": "Hi."}, None)


def test_name_is_given_or_follows_from_the_original() -> None:
    original = drafted(name="W" * 200)
    assert copied(original.id, name="Spring days").name == "Spring days"
    assert copied(original.id, name=None).name == "Copy of " + "W" * 191 + "…"


@pytest.mark.parametrize("given", [{"name": " "}, {"name": "x" * 201}, {"state": "running"}])
def test_invalid_input_is_named(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        CopyCampaign.model_validate(given)
    (error,) = refused.value.errors()
    assert error["loc"] == tuple(given)


def test_repeated_request_makes_another_draft() -> None:
    original = drafted()
    assert copied(original.id).id != copied(original.id).id


def test_copy_with_a_time_that_has_passed_needs_a_new_one() -> None:
    schedule = CampaignSchedule(kind="at", at=SATURDAY)
    original = a_campaign(CampaignState.FINISHED, schedule=schedule)
    copy = copied(original.id)
    with pytest.raises(TimeHasPassed):
        start_campaign(copy.id, caller=OPERATOR, at=MONDAY)


def test_unknown_campaign_is_not_found() -> None:
    with pytest.raises(CampaignNotFound):
        copied(new_id())


def test_copy_is_refused_if_the_template_does_not_fit_any_more() -> None:
    for template, error in [
        ("no_such_template", UnknownTemplate),
        ("order_confirmed", VariableMissing),
        ("password_reset", CodeTemplate),
    ]:
        original = a_campaign(CampaignState.FINISHED, template_code=template)
        before = Campaign.objects.count()
        with pytest.raises(error):
            copied(original.id)
        assert Campaign.objects.count() == before
