"""Tests of times in requests: malformed ones, and dates that do not exist."""

from datetime import UTC, datetime

import pytest
from pydantic import BaseModel

from tidings.platform.entry.problems import Problem, problem_of
from tidings.platform.inputs.parsing import InvalidFields, parsed
from tidings.platform.storage.sorting import SortOrder, UnknownCursor
from tidings.platform.timing.times import Time

BEYOND = [
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "0000-01-01T00:00:00Z",
]


class Step(BaseModel):
    at: Time


class Form(BaseModel):
    steps: list[Step]
    note: str = ""


def said_of(at: str, **more: object) -> Problem:
    with pytest.raises(InvalidFields) as refused:
        parsed(Form, {"steps": [{"at": at}], **more})
    return problem_of(refused.value)


def test_time_is_kept_in_utc_and_whole_milliseconds() -> None:
    form = Form.model_validate({"steps": [{"at": "2026-12-01T18:00:00.000999+01:00"}]})
    assert form.steps[0].at == datetime(2026, 12, 1, 17, tzinfo=UTC)


@pytest.mark.parametrize("at", BEYOND)
def test_time_out_of_range_is_well_formed_and_refused_with_its_field(at: str) -> None:
    problem = said_of(at)
    assert (problem.status, problem.code) == (422, "BAD_USER_INPUT")
    (detail,) = problem.details
    assert detail["field"] == "steps.0.at"
    assert detail["message"].startswith("this time is out of range")
    assert problem.message == f"steps.0.at: {detail['message']}"


@pytest.mark.parametrize("at", ["tomorrow", "2026-12-01T17:00:00", "2026-13-01T17:00:00Z"])
def test_malformed_time_is_refused_as_malformed(at: str) -> None:
    assert said_of(at).status == 400


def test_request_with_another_malformed_field_is_malformed() -> None:
    problem = said_of(BEYOND[0], note=1)
    assert problem.status == 400
    assert [each["field"] for each in problem.details] == ["steps.0.at", "note"]


def test_cursor_with_a_time_out_of_range_is_refused() -> None:
    with pytest.raises(UnknownCursor):
        SortOrder("due_at").behind(f'due_at|{{"value": "{BEYOND[0]}", "id": "a"}}')
