"""How a person wants to be told of things: what by which channel, when, in which language."""

import zoneinfo
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    model_validator,
)

from tidings.users.errors import NoQuietHours, UnknownTimeZone

INPUT: Final = ConfigDict(extra="forbid", frozen=True)

# Which of a person's preferences speaks for a message. None does for what concerns the account
# itself: it cannot be switched off, and passes quiet hours where it is urgent.
Category = Literal["orders", "promotions", "recommendations", "tasks", "stock", "account"]


@cache
def _time_zones() -> set[str]:
    return zoneinfo.available_timezones()


def _known_time_zone(name: str) -> str:
    if name not in _time_zones():
        raise UnknownTimeZone
    return name


TimeZone = Annotated[str, Field(max_length=64), AfterValidator(_known_time_zone)]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
# BCP 47, language with an optional region.
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]


class Digest(StrEnum):
    """Whether what can wait comes together, in one message."""

    OFF = "off"
    DAILY = "daily"
    WEEKLY = "weekly"


class Channels(BaseModel):
    """By which channels a person is told of one kind of thing."""

    model_config = ConfigDict(frozen=True)

    inbox: bool = True
    email: bool = False
    push: bool = False
    sms: bool = False
    webhook: bool = False


class QuietHours(BaseModel):
    """When a person is not disturbed, in their own time zone; may go past midnight."""

    model_config = INPUT

    start: TimeOfDay
    end: TimeOfDay

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.start == self.end:
            raise NoQuietHours
        return self


class Preferences(BaseModel):
    """What a person chose, and defaults for the rest: nothing by mail that was not asked for,
    except what happens to their orders and to what they wait for."""

    model_config = ConfigDict(frozen=True)

    orders: Channels = Channels(email=True, push=True)
    promotions: Channels = Channels()
    recommendations: Channels = Channels()
    tasks: Channels = Channels(push=True)
    stock: Channels = Channels(email=True, push=True)
    quiet_hours: QuietHours | None = None
    time_zone: str = "UTC"
    language: str = "en"
    digest: Digest = Digest.OFF

    @classmethod
    def of(cls, chosen: dict[str, Any]) -> Self:
        """Return the defaults, changed by what a person chose."""
        defaults = cls().model_dump()
        merged = {
            name: defaults[name] | value if isinstance(defaults.get(name), dict) else value
            for name, value in chosen.items()
        }
        return cls.model_validate(defaults | merged)


class ChannelsChoice(BaseModel):
    """Which channels to switch on or off; the others stay as they are."""

    model_config = INPUT

    inbox: StrictBool | None = None
    email: StrictBool | None = None
    push: StrictBool | None = None
    sms: StrictBool | None = None
    webhook: StrictBool | None = None


class UpdatePreferences(BaseModel):
    """What to change; what is left out stays as it is. Quiet hours end with null."""

    model_config = INPUT

    orders: ChannelsChoice | None = None
    promotions: ChannelsChoice | None = None
    recommendations: ChannelsChoice | None = None
    tasks: ChannelsChoice | None = None
    stock: ChannelsChoice | None = None
    quiet_hours: QuietHours | None = None
    time_zone: TimeZone | None = None
    language: Language | None = None
    digest: Digest | None = None

    def changes(self) -> dict[str, Any]:
        """Return the new values by their path, e.g. `promotions.email`."""
        named = self.model_dump(mode="json", exclude_unset=True)
        changes: dict[str, Any] = {}
        if "quiet_hours" in named:
            changes["quiet_hours"] = named.pop("quiet_hours")
        for name, value in named.items():
            if isinstance(value, dict):
                changes |= {f"{name}.{channel}": on for channel, on in value.items()}
            else:
                changes[name] = value
        return {
            path: value
            for path, value in changes.items()
            if value is not None or path == "quiet_hours"
        }
