"""Quiet hours and digests in a person's time zone, also on nights with a change of the clocks."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.delivery.hours import next_digest, quiet_until
from tidings.platform.timing.zones import zone
from tidings.users.preferences import Preferences

BERLIN = zone("Europe/Berlin")
START = datetime(2026, 1, 1, tzinfo=UTC)


def person(start: str = "22:00", end: str = "07:00", zone: str = "Europe/Berlin") -> Preferences:
    return Preferences.of({"quiet_hours": {"start": start, "end": end}, "time_zone": zone})


def local(text: str, fold: int = 0) -> datetime:
    """Convert a local time in Berlin to UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-12-01T21:59", None),
        ("2026-12-01T22:00", "2026-12-02T07:00"),
        ("2026-12-01T23:59", "2026-12-02T07:00"),
        ("2026-12-02T00:00", "2026-12-02T07:00"),
        ("2026-12-02T06:59", "2026-12-02T07:00"),
        ("2026-12-02T07:00", None),
        ("2026-12-31T23:00", "2027-01-01T07:00"),
    ],
)
def test_quiet_hours_may_pass_midnight(at: str, until: str | None) -> None:
    assert quiet_until(person(), local(at)) == (local(until) if until else None)


@pytest.mark.parametrize(
    ("at", "quiet"), [("12:59", False), ("13:00", True), ("14:59", True), ("15:00", False)]
)
def test_quiet_hours_within_a_day(at: str, quiet: bool) -> None:
    until = quiet_until(person("13:00", "15:00"), local(f"2026-12-01T{at}"))
    assert until == (local("2026-12-01T15:00") if quiet else None)


def test_no_quiet_hours_by_default() -> None:
    assert quiet_until(Preferences(), local("2026-12-01T03:00")) is None


def test_quiet_hours_are_in_the_persons_time_zone() -> None:
    at = datetime(2026, 12, 1, 14, tzinfo=UTC)  # 23:00 in Tokyo
    assert quiet_until(person(zone="Asia/Tokyo"), at) == datetime(2026, 12, 1, 22, tzinfo=UTC)
    assert quiet_until(person(zone="America/New_York"), at) is None


def test_rules_of_zones_are_those_of_the_pinned_release() -> None:
    """British Columbia keeps -07:00 and Morocco keeps +00:00 in December 2026."""
    in_vancouver = datetime(2026, 12, 10, 14, 30, tzinfo=UTC)  # 07:30; 06:30 by older rules
    assert quiet_until(person(zone="America/Vancouver"), in_vancouver) is None
    in_casablanca = datetime(2026, 12, 10, 6, 30, tzinfo=UTC)  # 06:30; 07:30 by older rules
    until = quiet_until(person(zone="Africa/Casablanca"), in_casablanca)
    assert until == datetime(2026, 12, 10, 7, tzinfo=UTC)


def test_night_in_which_clocks_go_forward_is_an_hour_shorter() -> None:
    at = local("2026-03-28T23:00")
    until = quiet_until(person(), at)
    assert until == local("2026-03-29T07:00")
    assert until - at == timedelta(hours=7)


def test_night_in_which_clocks_go_back_is_an_hour_longer() -> None:
    at = local("2026-10-24T23:00")
    until = quiet_until(person(), at)
    assert until == local("2026-10-25T07:00")
    assert until - at == timedelta(hours=9)


def test_end_that_does_not_exist_in_spring_comes_an_hour_later() -> None:
    until = quiet_until(person(end="02:30"), local("2026-03-29T01:00"))
    assert until == local("2026-03-29T03:30")


@pytest.mark.parametrize(("fold", "ends_in_fold"), [(0, 0), (1, 1)])
def test_end_that_comes_twice_in_autumn_is_the_next_one(fold: int, ends_in_fold: int) -> None:
    until = quiet_until(person(end="02:30"), local("2026-10-25T02:10", fold))
    assert until == local("2026-10-25T02:30", ends_in_fold)


times = st.times().map(lambda each: each.strftime("%H:%M"))


@given(
    start=times,
    end=times,
    zone=st.sampled_from(["Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "UTC"]),
    at=st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes)),
)
def test_quiet_hours_always_end_and_within_a_day(
    start: str, end: str, zone: str, at: datetime
) -> None:
    if start == end:
        return
    until = quiet_until(person(start, end, zone), at)
    assert until is None or at < until <= at + timedelta(hours=26)


# ------------------------------------------------------------------------- digests


def reader(digest: str) -> Preferences:
    return Preferences.of({"digest": digest, "time_zone": "Europe/Berlin"})


@pytest.mark.parametrize(
    ("digest", "at", "due"),
    [
        ("daily", "2026-12-01T07:59", "2026-12-01T08:00"),
        ("daily", "2026-12-01T08:00", "2026-12-02T08:00"),
        ("daily", "2026-03-28T20:00", "2026-03-29T08:00"),
        ("daily", "2026-10-24T20:00", "2026-10-25T08:00"),
        # 1 December 2026 is a Tuesday.
        ("weekly", "2026-12-01T07:00", "2026-12-07T08:00"),
        ("weekly", "2026-12-07T07:00", "2026-12-07T08:00"),
        ("weekly", "2026-12-07T08:00", "2026-12-14T08:00"),
    ],
)
def test_digest_is_due_at_eight_in_the_persons_time_zone(digest: str, at: str, due: str) -> None:
    assert next_digest(reader(digest), local(at)) == local(due)
