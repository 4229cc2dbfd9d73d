"""How often a person gets messages of a kind by a channel, and which mails wait: one table.

docs/delivery.md shows it (`make contracts`). Two settings replace or add rows.
"""

from datetime import timedelta
from functools import cache
from typing import Final, NamedTuple, Protocol

from tidings.delivery.models import Channel
from tidings.platform.settings import settings

CAPPED: Final = "frequency_cap"
UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


class Cap(NamedTuple):
    """At most `most` messages to a person in a period that ends now, as `2/7d`."""

    most: int
    per: str

    @property
    def period(self) -> timedelta:
        return _duration(self.per)


class Row(NamedTuple):
    """The rules of a category or a kind of messages on a channel.

    A kind is that of a notification; for a message of the send API, it is the template's code.
    """

    what: str
    channel: Channel
    cap: Cap | None = None
    # How long the mail waits for its reader to see it in the inbox, e.g. `30m`.
    unread_for: str | None = None


# These limits only stop floods: what is much for people depends on the shop, which sets it. No mail
# waits unless the shop says so, because a late mail surprises.
TABLE: Final = (
    Row("promotions", Channel.EMAIL, cap=Cap(10, "1d")),
    Row("promotions", Channel.PUSH, cap=Cap(10, "1d")),
    Row("promotions", Channel.SMS, cap=Cap(5, "1d")),
    Row("product.price_dropped", Channel.EMAIL, cap=Cap(5, "1d")),
    Row("product.price_dropped", Channel.PUSH, cap=Cap(10, "1d")),
)


class AppliedCap(NamedTuple):
    """The limit that a message counts for, and what it is for: its kind, or its category."""

    what: str
    channel: Channel
    cap: Cap

    @property
    def reason(self) -> str:
        """What a delivery that this limit stops records, e.g. `frequency_cap promotions 2/7d`."""
        return f"{CAPPED} {self.what} {self.cap.most}/{self.cap.per}"


class Kind(Protocol):
    """The fields that rules depend on, of a `NotificationContent` or of a `Notification`."""

    @property
    def kind(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def transactional(self) -> bool: ...
    @property
    def carries_code(self) -> bool: ...
    @property
    def simulated(self) -> bool | None: ...
    @property
    def is_sample(self) -> bool | None: ...


def cap_of(message: Kind, channel: Channel) -> AppliedCap | None:
    """Return the limit that a message counts for: that of its kind, or else of its category.

    Messages that people must get have none, nor have samples and simulated messages.
    """
    if _is_exempt(message):
        return None
    found = caps(settings().frequency_caps)
    for what in (message.kind, message.category):
        if (what, channel) in found:
            cap = found[what, channel]
            return AppliedCap(what, channel, cap) if cap else None
    return None


def unread_wait(message: Kind) -> timedelta | None:
    """Return how long a mail waits for its reader to see the message in the inbox."""
    if _is_exempt(message):
        return None
    found = waits(settings().unread_waits)
    for what in (message.kind, message.category):
        if what in found:
            wait = found[what]
            return _duration(wait) if wait else None
    return None


@cache
def caps(changed: str) -> dict[tuple[str, Channel], Cap | None]:
    """Return the limits by kind or category and channel; None if a setting switched one off.

    Args:
        changed: the setting, as `promotions.email=3/7d,promotions.push=off`. Of two entries for the
            same, the last one counts.
    """
    found = {(each.what, each.channel): each.cap for each in TABLE if each.cap}
    changes = dict[tuple[str, Channel], Cap | None](found)
    for name, value in _entries(changed):
        what, _, channel = name.rpartition(".")
        most, _, per = value.partition("/")
        changes[what, Channel(channel)] = None if value == "off" else Cap(int(most), per)
    return changes


@cache
def waits(changed: str) -> dict[str, str | None]:
    """Return the waits of mails by kind or category; None if a setting switched one off.

    Args:
        changed: the setting, as `stock=2h,tasks=off`. Of two entries for the same, the last counts.
    """
    found: dict[str, str | None] = {each.what: each.unread_for for each in TABLE if each.unread_for}
    return found | {what: None if value == "off" else value for what, value in _entries(changed)}


def parts(duration: str) -> tuple[int, str]:
    """Return the number and the unit of a duration such as `7d`."""
    number = duration.rstrip("mhd")
    return int(number), duration.removeprefix(number)


def _is_exempt(message: Kind) -> bool:
    return bool(
        message.transactional or message.carries_code or message.simulated or message.is_sample
    )


def _entries(changed: str) -> list[tuple[str, str]]:
    """Return the names and values of a setting, whose form the settings have checked."""
    pairs = (each.partition("=") for each in changed.split(",") if each)
    return [(name, value) for name, _, value in pairs]


def _duration(text: str) -> timedelta:
    number, unit = parts(text)
    return number * UNITS[unit]
