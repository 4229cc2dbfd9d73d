"""Operators edit campaigns between their runs."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from executable import camel_case, path_in_schema
from pydantic import ValidationError

from tests.integration.builders import Queues, token_of
from tests.integration.campaigns.builders import (
    FRIDAY_NOON,
    MONDAY,
    ON_MONDAY,
    ON_TUESDAY,
    OPERATOR,
    SATURDAY,
    TUESDAY,
    a_campaign,
    begun,
    customers,
    drafted,
    edited,
    started,
    state_of,
    told,
    words_of,
    work_off,
)
from tests.integration.gateway.in_process import InProcessApi
from tidings.campaigns import expanding
from tidings.campaigns.errors import (
    CampaignNotFound,
    EditRefused,
    StaleCampaign,
    TimeHasPassed,
    TimeMissing,
    TimeNotAsked,
    UnknownTemplate,
    VariableMissing,
)
from tidings.campaigns.models import Campaign, CampaignRun, CampaignSchedule
from tidings.campaigns.operations import (
    pause_campaign,
    resume_campaign,
    start_campaign,
)
from tidings.campaigns.running import run_due_campaigns
from tidings.campaigns.schemas import CampaignView, EditCampaign
from tidings.campaigns.states import CampaignState
from tidings.platform.timing.clock import new_id, now
from tidings.templates.errors import CodeTemplate

AUDIENCE = ("bought_category", "inactive_days", "language", "mail_response")
EDIT = """mutation($id: ID!, $input: EditCampaignInput!) {
  editCampaign(id: $id, input: $input) { name voucher version }
}"""


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ({"name": "Spring days"}, {}),
        ({"template_code": "order_rejected", "variables": {"order_id": "7"}}, {}),
        (
            {"audience": {"inactive_days": 30}},
            {"audience": dict.fromkeys(AUDIENCE) | {"inactive_days": 30}},
        ),
        (
            {"audience": {}},
            {"audience": dict.fromkeys(AUDIENCE)},
        ),
        ({"schedule": {"kind": "weekly"}}, {"schedule": {"kind": "weekly", "at": None}}),
        ({"schedule": ON_MONDAY}, {"schedule": {"kind": "at", "at": MONDAY}}),
        ({"voucher": "SPRING-5"}, {}),
        ({"voucher": None}, {}),
        ({"variables": {"message": "Hi.", "valid_until": "May"}}, {}),
        ({"variables": {}}, {}),
    ],
    ids=str,
)
def test_given_fields_change_and_others_do_not(given: dict[str, Any], seen: dict[str, Any]) -> None:
    before = drafted(audience={"language": "de"}, voucher="W-10", variables={"message": "Hi."})
    after = edited(before.id, **given)
    assert after.model_dump() == before.model_dump() | given | seen | {"version": 2}
    assert CampaignView.model_validate(Campaign.objects.get(pk=before.id)) == after


@pytest.mark.parametrize("state", CampaignState)
def test_campaign_is_edited_unless_it_runs_or_has_ended(state: CampaignState) -> None:
    campaign = a_campaign(state)
    if state in {CampaignState.DRAFT, CampaignState.SCHEDULED, CampaignState.PAUSED}:
        assert edited(campaign.id, name="Spring days").name == "Spring days"
    else:
        for name in ("Spring days", campaign.name):
            with pytest.raises(EditRefused, match=f"is {state} cannot") as refused:
                edited(campaign.id, name=name)
            assert refused.value.field == "state"
        assert Campaign.objects.get(pk=campaign.id).name == "Winter days"
    assert state_of(campaign.id) == state.value


def test_unknown_campaign_is_not_found() -> None:
    with pytest.raises(CampaignNotFound):
        edited(new_id(), name="Spring days")


# --------------------------------------------------------------------- input


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"version": 0}, "version"),
        ({"version": "1"}, "version"),
        ({"version": None}, "version"),
        ({"name": " "}, "name"),
        ({"name": None}, "name"),
        ({"template_code": "../x"}, "template_code"),
        ({"template_code": None}, "template_code"),
        ({"audience": {"inactive_days": 0}}, "audience.inactive_days"),
        ({"audience": None}, "audience"),
        ({"schedule": {"kind": "monthly"}}, "schedule.kind"),
        ({"schedule": None}, "schedule"),
        ({"voucher": ""}, "voucher"),
        ({"variables": {"a": "x" * 2001}}, "variables.a"),
        ({"variables": None}, "variables"),
        ({"state": "draft"}, "state"),
    ],
    ids=str,
)
def test_invalid_input_is_named(given: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        EditCampaign.model_validate({"version": 1} | given)
    places = [".".join(map(str, each["loc"])) for each in refused.value.errors()]
    assert places == [field]


def test_time_is_accepted_for_the_kind_at_only() -> None:
    campaign = drafted(schedule=ON_MONDAY)
    with pytest.raises(TimeMissing):
        edited(campaign.id, schedule={"kind": "at"})
    with pytest.raises(TimeNotAsked):
        edited(campaign.id, schedule=ON_MONDAY | {"kind": "weekly"})


def test_template_and_variables_are_checked_as_they_are_after_the_edit() -> None:
    campaign = drafted()
    with pytest.raises(UnknownTemplate):
        edited(campaign.id, template_code="no_such_template")
    with pytest.raises(CodeTemplate):
        edited(campaign.id, template_code="password_reset")
    with pytest.raises(VariableMissing) as refused:
        edited(campaign.id, template_code="order_confirmed")
    assert refused.value.field == "variables.order_id"
    given: dict[str, Any] = {"template_code": "order_confirmed", "variables": {"order_id": "7"}}
    assert edited(campaign.id, **given).version == 2
    with pytest.raises(VariableMissing):
        edited(campaign.id, 2, variables={})
    assert edited(campaign.id, 2, template_code="promotion", variables={}).version == 3


# ---------------------------------------------------------------------- time


@pytest.mark.parametrize(
    "state", [CampaignState.DRAFT, CampaignState.SCHEDULED, CampaignState.PAUSED]
)
def test_new_time_must_be_in_the_future(state: CampaignState) -> None:
    campaign = a_campaign(state)
    with pytest.raises(TimeHasPassed) as refused:
        edited(campaign.id, schedule=ON_MONDAY, at=MONDAY + timedelta(seconds=1))
    assert refused.value.field == "schedule.at"
    assert Campaign.objects.get(pk=campaign.id).schedule.kind == "next_friday"


def test_texts_can_be_edited_after_the_time_if_no_rule_ran() -> None:
    campaign = started(schedule=ON_MONDAY)
    after = edited(campaign.id, at=TUESDAY, name="Spring days", schedule=ON_MONDAY)
    assert (after.name, after.next_run_at) == ("Spring days", MONDAY)
    assert run_due_campaigns(TUESDAY) == {"campaigns_begun": 1}


@pytest.mark.parametrize(
    ("before", "after", "due_at"),
    [
        (ON_MONDAY, ON_TUESDAY, TUESDAY),
        (ON_TUESDAY, ON_MONDAY, MONDAY),
        ({"kind": "next_friday"}, ON_MONDAY, MONDAY),
        (ON_MONDAY, {"kind": "next_friday"}, FRIDAY_NOON),
        (ON_MONDAY, {"kind": "weekly"}, FRIDAY_NOON),
        ({"kind": "weekly"}, {"kind": "next_friday"}, FRIDAY_NOON),
    ],
    ids=str,
)
def test_moved_campaign_runs_at_its_new_time_only(
    before: dict[str, str], after: dict[str, str], due_at: datetime, queues: Queues
) -> None:
    (reader,) = customers(1)
    campaign = started(schedule=before)
    assert edited(campaign.id, schedule=after).next_run_at == due_at
    assert run_due_campaigns(due_at - timedelta(seconds=1)) == {"campaigns_begun": 0}
    assert run_due_campaigns(due_at) == {"campaigns_begun": 1}
    work_off(queues)
    assert told(campaign.id) == {reader: 1}
    again = run_due_campaigns(due_at + timedelta(days=6))
    assert again == {"campaigns_begun": 0}
    is_weekly = after["kind"] == "weekly"
    assert state_of(campaign.id) == ("scheduled" if is_weekly else "finished")


def test_draft_has_no_time_until_it_is_started() -> None:
    campaign = edited(drafted().id, schedule=ON_MONDAY)
    assert campaign.next_run_at is None
    assert start_campaign(campaign.id, caller=OPERATOR, at=SATURDAY).next_run_at == MONDAY


def test_paused_campaign_has_its_new_time_when_it_is_resumed() -> None:
    campaign = started(schedule=ON_MONDAY)
    pause_campaign(campaign.id, caller=OPERATOR)
    assert edited(campaign.id, schedule=ON_TUESDAY).next_run_at == TUESDAY
    resumed = resume_campaign(campaign.id, caller=OPERATOR, at=MONDAY)
    assert (resumed.state, resumed.next_run_at) == (CampaignState.SCHEDULED, TUESDAY)


def test_run_that_is_paused_is_not_edited(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expanding, "PEOPLE_PER_CHUNK", 2)
    customers(3)
    campaign = begun(variables={"message": "Old."})
    pause_campaign(campaign.id, caller=OPERATOR)
    with pytest.raises(EditRefused, match="paused in the middle of a run"):
        edited(campaign.id, variables={"message": "New."})
    resume_campaign(campaign.id, caller=OPERATOR)
    work_off(queues)
    assert words_of(campaign.id) == ["Old."]
    assert len(told(campaign.id)) == 3


def test_weekly_campaign_has_its_new_texts_from_the_next_week_on(queues: Queues) -> None:
    (reader,) = customers(1)
    campaign = begun(schedule={"kind": "weekly"}, variables={"message": "Old."})
    work_off(queues)
    waiting = edited(campaign.id, variables={"message": "New."}, at=now())
    assert waiting.next_run_at
    assert run_due_campaigns(waiting.next_run_at) == {"campaigns_begun": 1}
    work_off(queues)
    assert told(campaign.id) == {reader: 2}
    assert words_of(campaign.id) == ["New.", "Old."]


def test_next_run_is_never_at_the_time_of_the_last_one() -> None:
    """A person is notified once per run, and a run's id is its time in whole seconds."""
    run = CampaignRun(
        id="20261127T120000", due_at=FRIDAY_NOON, started_at=MONDAY, finished_at=MONDAY
    )
    campaign = a_campaign(
        CampaignState.SCHEDULED,
        schedule=CampaignSchedule(kind="weekly"),
        next_run_at=FRIDAY_NOON + timedelta(days=7),
        run=run,
    )
    for again in (FRIDAY_NOON, FRIDAY_NOON + timedelta(milliseconds=500)):
        with pytest.raises(TimeHasPassed):
            edited(campaign.id, at=TUESDAY, schedule={"kind": "at", "at": again.isoformat()})
    after = edited(campaign.id, at=TUESDAY, schedule={"kind": "next_friday"})
    assert after.next_run_at == FRIDAY_NOON + timedelta(days=7)


def test_weekly_campaign_whose_run_began_early_has_no_second_run_at_its_time() -> None:
    run = CampaignRun.at(FRIDAY_NOON, started_at=MONDAY)
    run.finished_at = MONDAY
    weekly = CampaignSchedule(kind="weekly")
    campaign = a_campaign(CampaignState.PAUSED, schedule=weekly, run=run)
    resumed = resume_campaign(campaign.id, caller=OPERATOR, at=TUESDAY)
    assert resumed.next_run_at == FRIDAY_NOON + timedelta(days=7)


# ------------------------------------------------------------------- versions


def test_edit_of_another_version_is_refused() -> None:
    campaign = drafted()
    edited(campaign.id, name="Spring days")
    for version in (1, 3):
        with pytest.raises(StaleCampaign) as refused:
            edited(campaign.id, version, name="Summer days")
        assert refused.value.field == "version"
    assert Campaign.objects.get(pk=campaign.id).name == "Spring days"


def test_repeated_edit_has_the_same_answer() -> None:
    campaign = started(schedule=ON_MONDAY)
    given: dict[str, Any] = {
        "name": "Spring days",
        "audience": {"language": "de"},
        "schedule": {"kind": "at", "at": "2026-11-24T10:00:00.123456+01:00"},
        "voucher": None,
        "variables": {"message": "Hi."},
    }
    first = edited(campaign.id, **given)
    assert edited(campaign.id, **given) == first
    assert edited(campaign.id, 2) == first
    assert first.version == 2


def test_campaign_that_was_stored_without_a_version_is_edited_and_takes_its_steps() -> None:
    first, second = drafted().id, drafted().id
    Campaign._get_collection().update_many({}, {"$unset": {"version": 1}})
    assert edited(first, name="Spring days").version == 2
    assert edited(first, 2, name="Summer days").version == 3
    assert start_campaign(second, caller=OPERATOR, at=SATURDAY).version == 1


# ------------------------------------------------------------ REST and GraphQL


@pytest.mark.usefixtures("keys")
def test_rest_and_graphql_answer_alike() -> None:
    api, campaign = InProcessApi(token_of(OPERATOR)), drafted(voucher="W-10")
    path = f"/campaigns/{campaign.id}"

    answer = api.rest("PATCH", path, {"version": 1, "name": "Spring days"})
    assert (answer.status, answer.json["data"]["name"]) == (200, "Spring days")
    numbers = api.rest("GET", path).json["data"]["numbers"]
    assert api.rest("GET", path).json["data"] == answer.json["data"] | {"numbers": numbers}
    answer = api.graphql(EDIT, id=campaign.id, input={"version": 2, "voucher": None})
    assert answer["data"]["editCampaign"] == {
        "name": "Spring days",
        "voucher": None,
        "version": 3,
    }


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("given", "status", "code", "field"),
    [
        ({"version": 2, "name": "B"}, 409, "CONFLICT", "version"),
        ({"version": 1, "name": " "}, 400, "BAD_USER_INPUT", "name"),
        ({"version": 1, "audience": None}, 400, "BAD_USER_INPUT", "audience"),
        ({"version": 1, "template_code": "x"}, 422, "BAD_USER_INPUT", "template_code"),
        (
            {"version": 1, "template_code": "order_confirmed", "variables": {}},
            422,
            "BAD_USER_INPUT",
            "variables.order_id",
        ),
        (
            {"version": 1, "schedule": {"kind": "at", "at": "2001-01-01T00:00:00Z"}},
            422,
            "BAD_USER_INPUT",
            "schedule.at",
        ),
    ],
    ids=str,
)
def test_refusals_name_the_field(given: dict[str, Any], status: int, code: str, field: str) -> None:
    api = InProcessApi(token_of(OPERATOR))
    campaign = drafted()
    answer = api.rest("PATCH", f"/campaigns/{campaign.id}", given)
    error = answer.json["error"]
    assert (answer.status, error["code"]) == (status, code)
    assert [each["field"] for each in error["details"]] == [field]
    wanted = {camel_case(name): value for name, value in given.items()}
    if "schedule" in wanted:
        wanted["schedule"] = wanted["schedule"] | {"kind": "AT"}
    (error,) = api.graphql(EDIT, id=campaign.id, input=wanted)["errors"]
    assert error["extensions"] == {"code": code, "field": path_in_schema(field)}
    assert Campaign.objects.get(pk=campaign.id).version == 1


@pytest.mark.usefixtures("keys")
def test_running_and_unknown_campaigns_are_refused() -> None:
    api, running = InProcessApi(token_of(OPERATOR)), a_campaign(CampaignState.RUNNING)
    given = {"version": 1, "name": "Spring days"}
    answer = api.rest("PATCH", f"/campaigns/{running.id}", given)
    assert (answer.status, answer.json["error"]["details"][0]["field"]) == (422, "state")
    assert api.rest("PATCH", f"/campaigns/{new_id()}", given).status == 404
    assert api.rest("PATCH", "/campaigns/none", given).status == 404
