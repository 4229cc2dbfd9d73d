"""Times in requests: with an offset, in range, stored in UTC."""

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BeforeValidator
from pydantic_core import PydanticCustomError

# Domains use this for "never"; requests must be earlier.
LATEST: Final = datetime(9999, 12, 31, tzinfo=UTC)
ISO_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d.*")
# RFC 3339 allows the year 0, Python does not.
YEAR_ZERO: Final = "0000-"
# The error type of a well-formed time that a rule refuses (`problems`).
OUT_OF_RANGE: Final = "time_out_of_range"


def _iso_time(value: object) -> object:
    if isinstance(value, datetime):
        return value
    # Pydantic would read numbers as seconds since 1970.
    if isinstance(value, str) and ISO_TIME.fullmatch(value):
        if value.startswith(YEAR_ZERO):
            raise _out_of_range()
        return value
    raise ValueError("send a time with its offset, e.g. 2026-12-01T17:00:00Z")


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise _out_of_range() from None


def _kept(utc: datetime) -> datetime:
    if utc >= LATEST:
        raise _out_of_range()
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def _out_of_range() -> PydanticCustomError:
    return PydanticCustomError(
        OUT_OF_RANGE,
        "this time is out of range: in UTC it must lie in the years 1 to 9999, before 9999-12-31",
    )


InUtc = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Time = Annotated[InUtc, BeforeValidator(_iso_time), AfterValidator(_kept)]
