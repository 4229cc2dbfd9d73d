"""The command of delivery, and the events that it publishes."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from tidings.platform.messaging.events import Command, Event, EventData


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


class ReportStatusData(EventData):
    notification_id: str
    service_id: str
    request_id: str
    channel: str
    status: str
    reason: str | None = None
    at: datetime
    simulated: bool = False


class ReportStatus(Command):
    """Report the final status of a delivery to the service that sent the message."""

    ROUTING_KEYS: ClassVar[tuple[str, ...]] = ("callbacks",)
    source: Literal["tidings/delivery"] = "tidings/delivery"
    type: Literal["status.report"] = "status.report"
    data: ReportStatusData


class NotificationDeliveredData(EventData):
    notification_id: str
    channel: str
    provider: str
    provider_message_id: str
    at: datetime = Field(description="when it arrived, as reported by the provider")
    reason: str | None = None


class NotificationDelivered(Event):
    """A provider reports that a message arrived."""

    source: Literal["tidings/delivery"] = "tidings/delivery"
    type: Literal["notification.delivered"] = "notification.delivered"
    data: NotificationDeliveredData


class NotificationFailedData(EventData):
    notification_id: str
    channel: str
    provider: str | None = Field(
        default=None, description="the provider that reported it; none if no provider accepted it"
    )
    provider_message_id: str | None = Field(
        default=None, description="none if no provider accepted it"
    )
    at: datetime = Field(description="when it failed")
    reason: str = Field(
        description="hard_bounce, soft_bounce, complaint, or a reason of docs/delivery.md"
    )


class NotificationFailed(Event):
    """A message did not reach its recipient, or was unwanted, and is not retried."""

    source: Literal["tidings/delivery"] = "tidings/delivery"
    type: Literal["notification.failed"] = "notification.failed"
    data: NotificationFailedData
