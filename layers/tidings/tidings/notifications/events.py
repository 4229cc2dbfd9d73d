"""What the notifications ask of their delivery consumers."""

from typing import ClassVar, Literal

from tidings.platform.events import Command, EventData


class DeliverNotificationData(EventData):
    notification_id: str
    channel: Literal["email", "push", "sms", "webhook"]
    priority: Literal["normal", "urgent"] = "normal"


class DeliverNotification(Command):
    """Send one notification through one channel, once."""

    ROUTING_KEYS: ClassVar[tuple[str, ...]] = (
        "email",
        "email.urgent",
        "push",
        "push.urgent",
        "sms",
        "webhook",
    )
    source: Literal["tidings/notifications"] = "tidings/notifications"
    type: Literal["notification.deliver"] = "notification.deliver"
    data: DeliverNotificationData

    @property
    def routing_key(self) -> str:
        urgent = f"{self.data.channel}.urgent"
        is_urgent = self.data.priority == "urgent" and urgent in self.ROUTING_KEYS
        return urgent if is_urgent else self.data.channel


class TellFollowersData(EventData):
    event_id: str
    after_user_id: str | None = None


class TellFollowers(Command):
    """Tell the next chunk of a product's followers of an event, from after this person on."""

    ROUTING_KEYS: ClassVar[tuple[str, ...]] = ("followers",)
    source: Literal["tidings/notifications"] = "tidings/notifications"
    type: Literal["followers.tell"] = "followers.tell"
    data: TellFollowersData
