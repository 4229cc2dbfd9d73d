"""Quiet hours and digest times, in a person's own time zone."""

from datetime import UTC, datetime, time, timedelta
from typing import Final

from tidings.platform.timing.zones import zone
from tidings.users.preferences import Digest, Preferences

DIGEST_HOUR: Final = time(8)
MONDAY: Final = 0


def quiet_until(preferences: Preferences, at: datetime) -> datetime | None:
    """Return when the quiet hours around a moment end, in UTC; None if they do not apply."""
    quiet = preferences.quiet_hours
    if quiet is None:
        return None
    local = at.astimezone(zone(preferences.time_zone))
    clock, start, end = local.time(), time.fromisoformat(quiet.start), time.fromisoformat(quiet.end)
    past_midnight = start > end
    if not (clock >= start or clock < end if past_midnight else start <= clock < end):
        return None
    days = 1 if past_midnight and clock >= start else 0
    return _at_local(local + timedelta(days=days), end, after=at)


def next_digest(preferences: Preferences, at: datetime) -> datetime:
    """Return when a person's next digest is due, in UTC.

    It is due at 08:00 local time, every day or on Mondays.
    """
    local = at.astimezone(zone(preferences.time_zone))
    due = _at_local(local, DIGEST_HOUR, after=at)
    day = local if due > at else local + timedelta(days=1)
    if preferences.digest is Digest.WEEKLY:
        day += timedelta(days=(MONDAY - day.weekday()) % 7)
    return _at_local(day, DIGEST_HOUR, after=at)


def _at_local(day: datetime, clock: time, *, after: datetime) -> datetime:
    """Return a local time of that day, in UTC.

    When clocks go back, a local time occurs twice: the second one is used once the first is past.
    """
    first = datetime.combine(day.date(), clock, day.tzinfo)
    if first.astimezone(UTC) > after:
        return first.astimezone(UTC)
    return first.replace(fold=1).astimezone(UTC)
