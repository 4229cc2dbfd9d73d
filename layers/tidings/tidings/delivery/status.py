"""The state of a notification's deliveries for its readers, cached in Redis."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, ConfigDict, Field

from tidings.delivery.models import Notification
from tidings.platform.caching.cache import ReadThrough
from tidings.platform.retention import in_redis
from tidings.platform.schema import Schema

KEPT_IN_REDIS_SECONDS: Final = in_redis.STATUSES.seconds


class TriedProviderView(Schema):
    """A provider that did not accept a message."""

    model_config = ConfigDict(from_attributes=True)

    provider: str
    reason: str


# Steps without any, which are most, store none.
Tried = Annotated[list[TriedProviderView], BeforeValidator(lambda stored: stored or [])]


class StepView(Schema):
    """One step in the history of a delivery."""

    model_config = ConfigDict(from_attributes=True)

    status: str
    at: datetime
    reason: str | None = None
    provider: str | None = Field(default=None, description="the provider that accepted it")
    tried: Tried = Field(
        default_factory=list,
        description="the providers that were tried before, or in vain, in their order",
    )


class DeliveryView(Schema):
    """The state of a message on one channel; `steps` is its history, oldest first."""

    channel: str
    status: str
    reason: str | None = None
    due_at: datetime | None = None
    attempts: int = 0
    provider: str | None = None
    provider_message_id: str | None = None
    steps: list[StepView]


class NotificationStatus(Schema):
    """The state of a notification, by channel."""

    id: str
    user_id: str
    kind: str
    category: str
    priority: str
    # The template version and language that it was made with.
    template_code: str | None
    template_version: int | None
    language: str | None
    subject_id: str
    metadata: dict[str, str]
    correlation_id: str | None
    event_id: str
    campaign_id: str | None
    simulated: bool = Field(
        default=False, description="nothing left: a test key sent it, or the recipient is simulated"
    )
    created_at: datetime
    read_at: datetime | None
    revision: int | None = Field(
        default=None, description="the sender's number of its text; null if it has the first one"
    )
    updated_at: datetime | None = Field(
        default=None, description="when its text was changed; null if not"
    )
    retracted_at: datetime | None = Field(
        default=None, description="when its sender took it back; null if not"
    )
    deliveries: list[DeliveryView]


_fast: Final = ReadThrough(
    "notification-status", NotificationStatus, ttl_seconds=KEPT_IN_REDIS_SECONDS
)


def status_of(notification_id: str) -> NotificationStatus | None:
    """Return the state of a notification, without checking the caller's rights."""
    return _fast.get(notification_id, lambda: _read(notification_id))


def forget(notification_ids: Iterable[str]) -> None:
    """Remove changed notifications from the cache."""
    _fast.forget(notification_ids)


def _read(notification_id: str) -> NotificationStatus | None:
    found = Notification.objects(pk=notification_id).exclude("variables", "outbox").first()
    if found is None:
        return None
    values = {
        name: getattr(found, name)
        for name in NotificationStatus.model_fields
        if name not in {"deliveries", "simulated"}
    }
    values["simulated"] = bool(found.simulated)
    return NotificationStatus(deliveries=deliveries_of(found), **values)


def deliveries_of(notification: Notification) -> list[DeliveryView]:
    """Return the state of a notification on each of its channels."""
    return [_delivery(name, each) for name, each in sorted(notification.deliveries.items())]


def _delivery(channel: str, delivery: Any) -> DeliveryView:
    values = {
        name: getattr(delivery, name)
        for name in DeliveryView.model_fields
        if name not in {"channel", "steps"}
    }
    steps = [StepView.model_validate(each) for each in delivery.steps]
    return DeliveryView(channel=channel, steps=steps, **values)
