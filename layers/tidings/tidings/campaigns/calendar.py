"""The times at which campaigns run; all times are UTC."""

from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final


class ScheduleKind(StrEnum):
    """The Friday rule runs `next_friday` and `weekly` campaigns, another rule those with a time."""

    NEXT_FRIDAY = "next_friday"
    AT = "at"
    WEEKLY = "weekly"


FRIDAY: Final = 4  # datetime.weekday()
NOON: Final = time(12)


def next_run(kind: ScheduleKind, at: datetime | None, after: datetime) -> datetime:
    """Return the first run of a campaign after a time."""
    if kind is ScheduleKind.AT:
        assert at is not None
        return at
    return next_friday(after)


def next_friday(after: datetime) -> datetime:
    """Return the first Friday noon after a time."""
    day = after + timedelta(days=(FRIDAY - after.weekday()) % 7)
    noon = datetime.combine(day.date(), NOON, tzinfo=after.tzinfo)
    return noon if noon > after else noon + timedelta(days=7)
