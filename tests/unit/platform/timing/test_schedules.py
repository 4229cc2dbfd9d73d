"""The next and the last time of a scheduled rule."""

from datetime import UTC, datetime, timedelta

import pytest

from tidings.platform.timing.schedules import Cron, UnknownSchedule, schedule_of

# A Saturday.
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def cron(fields: str) -> Cron:
    found = schedule_of(f"cron({fields})")
    assert isinstance(found, Cron)
    return found


@pytest.mark.parametrize(
    ("fields", "following", "before"),
    [
        ("0 * * * ? *", "2026-11-21T13:00", "2026-11-21T12:00"),
        ("0 5 * * ? *", "2026-11-22T05:00", "2026-11-21T05:00"),
        ("0 9 * * ? *", "2026-11-22T09:00", "2026-11-21T09:00"),
        ("0 12 ? * FRI *", "2026-11-27T12:00", "2026-11-20T12:00"),
        ("0 12 ? * 7 *", "2026-11-28T12:00", "2026-11-21T12:00"),
        ("0/15 * * * ? *", "2026-11-21T12:15", "2026-11-21T12:00"),
        ("30 8,20 * * ? *", "2026-11-21T20:30", "2026-11-21T08:30"),
        ("0 9 ? * MON-FRI *", "2026-11-23T09:00", "2026-11-20T09:00"),
        ("0 0 1 JAN-MAR/2 ? *", "2027-01-01T00:00", "2026-03-01T00:00"),
        ("0 0 29 2 ? *", "2028-02-29T00:00", "2024-02-29T00:00"),
        ("59 23 31 12 ? 2026-2027", "2026-12-31T23:59", None),
    ],
)
def test_cron_has_a_next_and_a_last_time(fields: str, following: str, before: str | None) -> None:
    found = cron(fields)
    assert found.next(NOON) == at(following)
    assert found.due_before(NOON) == (None if before is None else at(before))


def test_next_time_is_later_even_within_the_minute() -> None:
    hourly = cron("0 * * * ? *")
    assert hourly.next(NOON - timedelta(seconds=1)) == NOON
    assert hourly.next(NOON) == NOON + timedelta(hours=1)
    assert hourly.due_before(NOON + timedelta(seconds=59)) == NOON


def test_schedule_of_the_past_has_no_next_time() -> None:
    assert cron("0 0 1 1 ? 2020").next(NOON) is None


def test_last_times_are_latest_first() -> None:
    assert cron("0 12 ? * FRI *").before(NOON, 2) == [
        at("2026-11-20T12:00"),
        at("2026-11-13T12:00"),
    ]


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("rate(1 minute)", timedelta(minutes=1)),
        ("rate(5 minutes)", timedelta(minutes=5)),
        ("rate(2 hours)", timedelta(hours=2)),
        ("rate(1 day)", timedelta(days=1)),
    ],
)
def test_rate_counts_from_the_last_run(text: str, period: timedelta) -> None:
    found = schedule_of(text)
    assert found.next(NOON, None) is None
    assert found.next(NOON, NOON) == NOON + period
    assert found.next(NOON + 3 * period, NOON) == NOON + 4 * period
    assert found.due_before(NOON) == NOON - period


@pytest.mark.parametrize(
    "text",
    [
        *("", "rate()", "rate(1 fortnight)", "rate(x minutes)", "cron(0 9 * *)", "at(2026-11-21)"),
        *("cron(60 9 * * ? *)", "cron(0 9 L * ? *)", "cron(0 9 ? * 2#1 *)", "cron(5-1 9 * * ? *)"),
    ],
)
def test_other_text_is_no_schedule(text: str) -> None:
    with pytest.raises(UnknownSchedule):
        schedule_of(text)
