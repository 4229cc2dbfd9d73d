"""Tests of the validation of campaign input."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from tidings.campaigns.errors import TimeMissing, TimeNotAsked
from tidings.campaigns.schemas import CreateCampaign

GOOD: dict[str, Any] = {
    "name": "Winter",
    "template_code": "promotion",
    "schedule": {"kind": "weekly"},
}


def test_campaign_without_conditions_has_everyone_as_audience() -> None:
    audience = CreateCampaign.model_validate(GOOD).audience
    assert set(audience.model_dump().values()) == {None}


def test_time_is_read_in_utc() -> None:
    schedule = {"kind": "at", "at": "2026-11-27T09:00:00+02:00"}
    wanted = CreateCampaign.model_validate(GOOD | {"schedule": schedule})
    assert wanted.schedule.at == datetime(2026, 11, 27, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "   "},
        {"name": "A\r\nBcc: everybody"},
        {"name": "x" * 201},
        {"template_code": "../x"},
        {"audience": {"inactive_days": 0}},
        {"audience": {"inactive_days": "30"}},
        {"audience": {"inactive_days": 10**9}},
        {"audience": {"language": "german"}},
        {"audience": {"bought_category": {"$gt": ""}}},
        {"audience": {"bought_category": "\x00"}},
        {"audience": {"country": "de"}},
        {"schedule": {"kind": "monthly"}},
        {"schedule": {}},
        {"variables": {"A-B": "x"}},
        {"variables": {"a": ["x"]}},
        {"variables": {"a": "x" * 2001}},
        {"variables": {f"a{n}": "x" for n in range(31)}},
        {"state": "running"},
    ],
    ids=str,
)
def test_bad_input_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CreateCampaign.model_validate(GOOD | change)


def test_only_a_campaign_at_a_time_has_a_time() -> None:
    with pytest.raises(TimeMissing):
        CreateCampaign.model_validate(GOOD | {"schedule": {"kind": "at"}})
    schedule = {"kind": "weekly", "at": "2026-11-27T09:00:00Z"}
    with pytest.raises(TimeNotAsked):
        CreateCampaign.model_validate(GOOD | {"schedule": schedule})
