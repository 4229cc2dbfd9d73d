"""The schedules of EventBridge's rules: when a rule runs next, and when it should have run last.

Read are `rate(...)` and `cron(...)` in UTC, without `L`, `W` and `#`; a test reads all schedules of
template.yaml.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import islice
from typing import Final

MINUTE: Final = timedelta(minutes=1)
UNITS: Final = {"minute": MINUTE, "hour": timedelta(hours=1), "day": timedelta(days=1)}
MONTHS: Final = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
WEEKDAYS: Final = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
# From the 29th of February to the next one, over a century that is no leap year.
DAYS_SEARCHED: Final = 8 * 366 + 1
YEARS: Final = (1970, 2199)


class UnknownSchedule(ValueError):
    """The text is no schedule of a form that is read here."""


@dataclass(frozen=True)
class Rate:
    """A rule that runs each time that this period has passed since its last run."""

    period: timedelta

    def next(self, after: datetime, last: datetime | None) -> datetime | None:
        """Return the first time after `after`, counted from the last run; None without one."""
        if last is None:
            return None
        missed = max(0, (after - last) // self.period)
        return last + (missed + 1) * self.period

    def due_before(self, at: datetime) -> datetime | None:
        """Return a time at or before `at` since which the rule has run if it is on time."""
        return at - self.period


@dataclass(frozen=True)
class Cron:
    """A rule that runs at the minutes that match all fields."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    # EventBridge counts from Sunday as 1.
    weekdays: frozenset[int]
    years: frozenset[int]

    def next(self, after: datetime, last: datetime | None = None) -> datetime | None:  # noqa: ARG002 (as `Rate`)
        """Return the first time after `after`; None if there is none within years."""
        times = self._times(after, 1)
        return next((each for each in times if each > after), None)

    def due_before(self, at: datetime) -> datetime | None:
        """Return the last time at or before `at`; None if there is none within years."""
        return next(iter(self.before(at, 1)), None)

    def before(self, at: datetime, number: int) -> list[datetime]:
        """Return the last times at or before `at`, latest first."""
        return list(islice((each for each in self._times(at, -1) if each <= at), number))

    def _times(self, at: datetime, direction: int) -> Iterator[datetime]:
        """Yield the times of the days from this one on, forwards or backwards."""
        backwards = direction < 0
        hours = sorted(self.hours, reverse=backwards)
        minutes = sorted(self.minutes, reverse=backwards)
        today = at.astimezone(UTC).date()
        for number in range(DAYS_SEARCHED):
            day = today + timedelta(days=direction * number)
            if self._has(day.day, day.month, day.isoweekday() % 7 + 1, day.year):
                for hour in hours:
                    for minute in minutes:
                        yield datetime.combine(day, time(hour, minute), UTC)

    def _has(self, day: int, month: int, weekday: int, year: int) -> bool:
        return (
            day in self.days
            and month in self.months
            and weekday in self.weekdays
            and year in self.years
        )


@cache
def schedule_of(text: str) -> Rate | Cron:
    """Return the schedule that a text such as `rate(5 minutes)` describes.

    Raises:
        UnknownSchedule: the text is of no form that is read here.
    """
    kind, _, rest = text.partition("(")
    fields = rest.removesuffix(")").split()
    try:
        if kind == "rate" and len(fields) == 2:
            return Rate(int(fields[0]) * UNITS[fields[1].removesuffix("s")])
        if kind == "cron" and len(fields) == 6:
            return _cron(*fields)
    except (ValueError, KeyError) as error:
        raise UnknownSchedule(text) from error
    raise UnknownSchedule(text)


def _cron(minute: str, hour: str, day: str, month: str, weekday: str, year: str) -> Cron:
    return Cron(
        _numbers(minute, 0, 59),
        _numbers(hour, 0, 23),
        _numbers(day, 1, 31),
        _numbers(month, 1, 12, MONTHS),
        _numbers(weekday, 1, 7, WEEKDAYS),
        _numbers(year, *YEARS),
    )


def _numbers(field: str, first: int, last: int, names: Sequence[str] = ()) -> frozenset[int]:
    """Return the numbers of a field: `*`, `?`, `5`, `MON-FRI`, `0/15` or a list of these."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        begin, _, end = span.partition("-")
        low = first if begin in {"*", "?"} else _number(begin, names)
        is_open = begin in {"*", "?"} or bool(step)
        high = _number(end, names) if end else (last if is_open else low)
        if not first <= low <= high <= last:
            raise ValueError(part)
        found |= set(range(low, high + 1, int(step or 1)))
    return frozenset(found)


def _number(text: str, names: Sequence[str]) -> int:
    return names.index(text.upper()) + 1 if text.upper() in names else int(text)
