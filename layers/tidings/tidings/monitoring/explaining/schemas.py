"""Output models of explanations."""

from datetime import datetime

from pydantic import Field

from tidings.delivery.status import TriedProviderView
from tidings.platform.schema import Schema


class ExplainedStep(Schema):
    """A step of an order or a notification; a decision has its reason."""

    at: datetime | None = Field(default=None, description="null if the time was not recorded")
    code: str = Field(description="e.g. `delivery.suppressed`")
    reason: str | None = Field(default=None, description="its code, e.g. `preferences`")
    sentence: str
    channel: str | None = None
    function: str | None = Field(default=None, description="the function that made it, if known")
    queue: str | None = Field(default=None, description="the queue of its message")
    correlation_id: str | None = None
    event_id: str | None = None
    notification_id: str | None = None
    failed_message_id: str | None = None
    provider: str | None = None
    provider_message_id: str | None = None
    tried: list[TriedProviderView] = Field(
        default_factory=list, description="the providers that did not accept it, in their order"
    )


class ChannelOutcome(Schema):
    """The outcome of a notification on a channel, the inbox included."""

    channel: str
    status: str = Field(description="a status of a delivery, or `not_addressed`")
    reason: str | None
    sentence: str


class ExplainedNotification(Schema):
    """A notification, and its outcome on each channel."""

    notification_id: str
    kind: str
    created_at: datetime
    channels: list[ChannelOutcome]


class ExplainedEvent(Schema):
    """An event of an order, or the cause of a notification, with what it caused."""

    event_id: str | None = Field(description="null if it was not recorded")
    type: str
    at: datetime | None = Field(description="null if it was not recorded")
    correlation_id: str | None
    notifications: list[ExplainedNotification]


class ExplanationNote(Schema):
    """A remark on what the steps do not show."""

    code: str
    sentence: str


class Explanation(Schema):
    """The story of an order or a notification, from what is stored."""

    id: str
    order_id: str | None = Field(description="the order that it is about")
    user_id: str
    correlation_id: str | None
    events: list[ExplainedEvent]
    steps: list[ExplainedStep] = Field(description="oldest first")
    notes: list[ExplanationNote]
    complete: bool = Field(description="false if something was left out; the notes say what")
