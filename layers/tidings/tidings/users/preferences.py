"""Notification preferences: channels by category, quiet hours, digest, language."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    computed_field,
    model_validator,
)

from tidings.platform.schema import Schema
from tidings.platform.text.languages import Language
from tidings.platform.timing.zones import known_or_utc, zone_names
from tidings.users.errors import BothForms, NoQuietHours, UnknownTimeZone

# Errors must not quote input, because the errors of functions without a route are logged unchanged.
INPUT: Final = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

# The category of preferences that applies to a message. `account` has no preference: messages about
# the account cannot be switched off, and urgent ones ignore quiet hours.
Category = Literal["orders", "promotions", "recommendations", "tasks", "stock", "account"]

# Those that have preferences, and the channels that can be switched for all of them at once.
CATEGORIES: Final = ("orders", "promotions", "recommendations", "tasks", "stock")
SWITCHES: Final = ("email", "push")


def _known_time_zone(name: str) -> str:
    if name not in zone_names():
        raise UnknownTimeZone
    return name


TimeZone = Annotated[str, Field(max_length=64), AfterValidator(_known_time_zone)]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class Digest(StrEnum):
    """Whether messages that can wait are combined into one."""

    OFF = "off"
    DAILY = "daily"
    WEEKLY = "weekly"


class Channels(Schema):
    """The channels for messages of one category."""

    model_config = ConfigDict(frozen=True)

    inbox: bool = True
    email: bool = False
    push: bool = False
    sms: bool = False
    webhook: bool = False


class ChannelSwitches(Schema):
    """Mail and push for all categories at once, as `preferences: {email, push}`.

    `true` switches a channel on in those categories that have it by default, so that consent to
    promotions is always given for promotions. `false` switches it off in every category.
    """

    model_config = INPUT

    email: StrictBool | None = None
    push: StrictBool | None = None

    def changes(self) -> dict[str, Any]:
        """Return the new values by path, e.g. `promotions.email`."""
        defaults = Preferences()
        return {
            f"{category}.{channel}": on
            for channel, on in (("email", self.email), ("push", self.push))
            for category in CATEGORIES
            if on is not None and (not on or getattr(getattr(defaults, category), channel))
        }


class QuietHours(Schema):
    """The hours without messages, in the person's time zone; they may span midnight."""

    model_config = INPUT

    start: TimeOfDay
    end: TimeOfDay

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.start == self.end:
            raise NoQuietHours
        return self


class Preferences(Schema):
    """A person's choices, with defaults for the rest.

    By default, mails are sent only about orders and about products that the person waits for, and
    no one learns what a person does with them.
    """

    model_config = ConfigDict(frozen=True)

    orders: Channels = Channels(email=True, push=True)
    promotions: Channels = Channels()
    recommendations: Channels = Channels()
    tasks: Channels = Channels(push=True)
    stock: Channels = Channels(email=True, push=True)
    quiet_hours: QuietHours | None = None
    time_zone: Annotated[str, AfterValidator(known_or_utc)] = "UTC"
    language: str = "en"
    digest: Digest = Digest.OFF
    tracking: bool = Field(
        default=False,
        description="whether opens and clicks of campaigns' mails are recorded for this person",
    )

    @computed_field(description="whether any category has mail")  # type: ignore[prop-decorator]
    @property
    def email(self) -> bool:
        return any(getattr(self, each).email for each in CATEGORIES)

    @computed_field(description="whether any category has push")  # type: ignore[prop-decorator]
    @property
    def push(self) -> bool:
        return any(getattr(self, each).push for each in CATEGORIES)

    @classmethod
    def of(cls, chosen: dict[str, Any]) -> Self:
        """Return the defaults, overridden by a person's choices."""
        defaults = cls().model_dump()
        merged = {
            name: defaults[name] | value if isinstance(defaults.get(name), dict) else value
            for name, value in chosen.items()
        }
        return cls.model_validate(defaults | merged)


class ChannelsChoice(Schema):
    """The channels to switch on or off; other channels do not change."""

    model_config = INPUT

    inbox: StrictBool | None = None
    email: StrictBool | None = None
    push: StrictBool | None = None
    sms: StrictBool | None = None
    webhook: StrictBool | None = None


class UpdatePreferences(ChannelSwitches):
    """The preferences to change; fields that are left out do not change. Null ends quiet hours.

    `email` and `push` are for all categories at once; send either them or categories.
    """

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
    tracking: StrictBool | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        flat = [name for name in SWITCHES if getattr(self, name) is not None]
        named = [name for name in CATEGORIES if getattr(self, name) is not None]
        if flat and named:
            raise BothForms(flat[0], named[0])
        return self

    def changes(self) -> dict[str, Any]:
        """Return the new values by path, e.g. `promotions.email`."""
        named = self.model_dump(mode="json", exclude_unset=True, exclude=set(SWITCHES))
        changes: dict[str, Any] = super().changes()
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


def nested(changes: Mapping[str, bool]) -> dict[str, dict[str, bool]]:
    """Return the channels of categories by path, as they are stored."""
    stored: dict[str, dict[str, bool]] = {}
    for path, on in changes.items():
        category, _, channel = path.partition(".")
        stored.setdefault(category, {})[channel] = on
    return stored
