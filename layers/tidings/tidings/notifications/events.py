"""The commands that notifications send to consumers."""

from typing import ClassVar, Literal

from tidings.platform.messaging.events import Command, EventData


class TellFollowersData(EventData):
    event_id: str
    after_user_id: str | None = None


class TellFollowers(Command):
    """Notify the next chunk of a product's followers of an event, starting after this person."""

    ROUTING_KEYS: ClassVar[tuple[str, ...]] = ("followers",)
    source: Literal["tidings/notifications"] = "tidings/notifications"
    type: Literal["followers.tell"] = "followers.tell"
    data: TellFollowersData
