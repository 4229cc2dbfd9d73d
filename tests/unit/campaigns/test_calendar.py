"""Tests of the times at which campaigns run."""

from datetime import UTC, datetime

import pytest

from tidings.campaigns.calendar import ScheduleKind, next_friday, next_run


@pytest.mark.parametrize(
    ("after", "friday"),
    [
        ("2026-11-21T10:00:00", "2026-11-27"),  # Saturday
        ("2026-11-27T11:59:59", "2026-11-27"),
        ("2026-11-27T12:00:00", "2026-12-04"),
        ("2026-11-27T23:00:00", "2026-12-04"),
        ("2026-12-31T00:00:00", "2027-01-01"),
        ("2028-02-28T00:00:00", "2028-03-03"),
    ],
)
def test_next_friday_is_the_first_noon_after(after: str, friday: str) -> None:
    found = next_friday(datetime.fromisoformat(after).replace(tzinfo=UTC))
    assert found.isoformat() == f"{friday}T12:00:00+00:00"


def test_campaign_for_a_time_runs_then() -> None:
    at, after = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    assert next_run(ScheduleKind.AT, at, after) == at
