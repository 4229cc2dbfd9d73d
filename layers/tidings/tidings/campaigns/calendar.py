"""When campaigns run; all times are UTC."""

from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final


class ScheduleKind(StrEnum):
    """The Friday rule runs the first and the last kind, another rule those for a time."""

    NEXT_FRIDAY = "next_friday"
    AT = "at"
    WEEKLY = "weekly"


FRIDAY: Final = 4  # datetime.weekday()
NOON: Final = time(12)


def next_run(kind: ScheduleKind, at: datetime | None, after: datetime) -> datetime:
    """Return when a campaign is due that is started, resumed, or done for this week, `after`."""
    if kind is ScheduleKind.AT:
        assert at is not None
        return at
    return next_friday(after)


def next_friday(after: datetime) -> datetime:
    """Return the first Friday noon later than that."""
    day = after + timedelta(days=(FRIDAY - after.weekday()) % 7)
    noon = datetime.combine(day.date(), NOON, tzinfo=after.tzinfo)
    return noon if noon > after else noon + timedelta(days=7)
