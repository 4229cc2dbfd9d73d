"""What the delivery announces."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from tidings.platform.events import Event, EventData


class NotificationDeliveredData(EventData):
    notification_id: str
    channel: str
    provider: str
    provider_message_id: str
    at: datetime = Field(description="when it arrived, as the provider says")
    reason: str | None = None


class NotificationDelivered(Event):
    """A provider says that a message arrived."""

    source: Literal["tidings/delivery"] = "tidings/delivery"
    type: Literal["notification.delivered"] = "notification.delivered"
    data: NotificationDeliveredData


class NotificationFailedData(EventData):
    notification_id: str
    channel: str
    provider: str
    provider_message_id: str
    at: datetime = Field(description="when it failed, as the provider says")
    reason: str = Field(description="hard_bounce, soft_bounce, complaint or rejected")


class NotificationFailed(Event):
    """A provider says that a message that it took did not arrive, or was not wanted."""

    source: Literal["tidings/delivery"] = "tidings/delivery"
    type: Literal["notification.failed"] = "notification.failed"
    data: NotificationFailedData
