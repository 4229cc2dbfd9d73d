"""Times that people send: with their offset, in range, kept in UTC."""

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

# MongoDB keeps no instant beyond; domains use it for "never".
LATEST: Final = datetime(9999, 12, 31, tzinfo=UTC)
ISO_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d.*")


def _iso_time(value: object) -> object:
    # Pydantic would take numbers for seconds since 1970.
    if isinstance(value, datetime) or (isinstance(value, str) and ISO_TIME.fullmatch(value)):
        return value
    raise ValueError("send a time with its offset, e.g. 2026-12-01T17:00:00Z")


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("this time is out of range") from None


def _kept(utc: datetime) -> datetime:
    if utc >= LATEST:
        raise ValueError("this time is out of range")
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


InUtc = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Time = Annotated[InUtc, BeforeValidator(_iso_time), AfterValidator(_kept)]
