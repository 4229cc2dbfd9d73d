"""How far each message came: every step is kept in MongoDB, with a fast copy in Redis."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict
from pymongo import ReturnDocument

from tidings.notifications.events import DeliverNotification
from tidings.notifications.models import DeliveryStatus, Notification
from tidings.platform import outbox
from tidings.platform.cache import ReadThrough
from tidings.platform.logging import logger
from tidings.platform.outbox import OutboxEntry

KEPT_IN_REDIS_SECONDS: Final = 3600

# Nothing follows, unless a provider reports later what became of the message.
SETTLED: Final = frozenset(
    {
        DeliveryStatus.SENT,
        DeliveryStatus.DELIVERED,
        DeliveryStatus.FAILED,
        DeliveryStatus.SUPPRESSED,
        DeliveryStatus.CANCELLED,
        DeliveryStatus.UNKNOWN,
    }
)
# After these a provider may report that it arrived, or did not.
HANDED_OVER: Final = (
    DeliveryStatus.SENDING,
    DeliveryStatus.SENT,
    DeliveryStatus.UNKNOWN,
    DeliveryStatus.DELIVERED,
)


class StepView(BaseModel):
    """One line of a delivery's story."""

    model_config = ConfigDict(from_attributes=True)

    status: str
    at: datetime
    reason: str | None = None


class DeliveryView(BaseModel):
    """How far a message came through one channel; `steps` is its story, oldest first."""

    channel: str
    status: str
    reason: str | None = None
    due_at: datetime | None = None
    attempts: int = 0
    provider: str | None = None
    provider_message_id: str | None = None
    steps: list[StepView]


class NotificationStatus(BaseModel):
    """What became of a notification, by channel."""

    id: str
    user_id: str
    kind: str
    category: str
    priority: str
    # What it was made with.
    template_code: str | None
    template_version: int | None
    language: str | None
    subject_id: str
    metadata: dict[str, str]
    correlation_id: str | None
    event_id: str
    campaign_id: str | None
    created_at: datetime
    read_at: datetime | None
    deliveries: list[DeliveryView]


_fast: Final = ReadThrough(
    "notification-status", NotificationStatus, ttl_seconds=KEPT_IN_REDIS_SECONDS
)


def status_of(notification_id: str) -> NotificationStatus | None:
    """Return what became of a notification; who may ask is for the caller to check."""
    return _fast.get(notification_id, lambda: _read(notification_id))


def record(
    notification_id: str,
    channel: str,
    status: DeliveryStatus,
    *,
    at: datetime,
    after: Iterable[DeliveryStatus],
    reason: str | None = None,
    where: Mapping[str, Any] | None = None,
    command: DeliverNotification | None = None,
    **fields: Any,
) -> Notification | None:
    """Take a delivery a step further, if it stands at one of the statuses of `after`.

    Args:
        where: what else must hold of the delivery's fields.
        command: what is to be published with it.
        fields: the delivery's fields to set.

    Returns:
        The notification as it is now, or None where the step was not the delivery's to take.
    """
    update = step(channel, status, at=at, reason=reason, **fields)
    if command is not None:
        update["$push"]["outbox"] = OutboxEntry.of(command).to_mongo()
    found = Notification._get_collection().find_one_and_update(
        condition(notification_id, channel, after, where or {}),
        update,
        return_document=ReturnDocument.AFTER,
    )
    forget_fast([notification_id])
    if found is None:
        return None
    logger.info(
        "delivery went on",
        notification_id=notification_id,
        channel=channel,
        status=status.value,
        reason=reason,
    )
    notification: Notification = Notification._from_son(found)
    if command is not None:
        outbox.note_stored(notification)
    return notification


def condition(
    notification_id: str,
    channel: str,
    after: Iterable[DeliveryStatus],
    where: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what finds a notification whose delivery stands at one of these statuses."""
    place = f"deliveries.{channel}"
    statuses = [each.value for each in after]
    also = {f"{place}.{name}": value for name, value in where.items()}
    return {"_id": notification_id, f"{place}.status": {"$in": statuses}} | also


def step(
    channel: str, status: DeliveryStatus, *, at: datetime, reason: str | None, **fields: Any
) -> dict[str, Any]:
    """Return the update that takes a delivery a step further."""
    place = f"deliveries.{channel}"
    line = {"status": status.value, "at": at}
    values = {"status": status.value, **fields}
    update: dict[str, Any] = {"$push": {f"{place}.steps": line}}
    if reason is None:
        update["$unset"] = {f"{place}.reason": 1}
    else:
        values["reason"] = line["reason"] = reason
    if status is DeliveryStatus.SENDING:
        update["$inc"] = {f"{place}.attempts": 1}
    if status is DeliveryStatus.SCHEDULED:
        update["$min"] = {"next_due_at": fields["due_at"]}
    set_values = {f"{place}.{name}": value for name, value in values.items() if value is not None}
    return update | {"$set": set_values}


def drop_variables(notification_id: str) -> None:
    """Keep a code no longer than it is needed."""
    Notification.objects(pk=notification_id).update_one(set__variables={})


def record_arrival(notification_id: str, channel: str, *, at: datetime, provider: str) -> None:
    """Note that a message arrived, as its provider says."""
    record(
        notification_id,
        channel,
        DeliveryStatus.DELIVERED,
        at=at,
        after=[each for each in HANDED_OVER if each is not DeliveryStatus.DELIVERED],
        provider=provider,
    )


def record_return(
    notification_id: str, channel: str, *, at: datetime, provider: str, reason: str
) -> None:
    """Note that a message did not arrive after all, or was not wanted, as its provider says."""
    record(
        notification_id,
        channel,
        DeliveryStatus.FAILED,
        at=at,
        after=HANDED_OVER,
        reason=reason,
        provider=provider,
    )


def forget_fast(notification_ids: Iterable[str]) -> None:
    """Read these anew from MongoDB, after they changed."""
    _fast.forget(notification_ids)


def _read(notification_id: str) -> NotificationStatus | None:
    found = Notification.objects(pk=notification_id).exclude("variables", "outbox").first()
    if found is None:
        return None
    values = {
        name: getattr(found, name)
        for name in NotificationStatus.model_fields
        if name != "deliveries"
    }
    return NotificationStatus(deliveries=deliveries_of(found), **values)


def deliveries_of(notification: Notification) -> list[DeliveryView]:
    """Return how far a notification came through each of its channels."""
    return [_delivery(name, each) for name, each in sorted(notification.deliveries.items())]


def _delivery(channel: str, delivery: Any) -> DeliveryView:
    values = {
        name: getattr(delivery, name)
        for name in DeliveryView.model_fields
        if name not in {"channel", "steps"}
    }
    steps = [StepView.model_validate(each) for each in delivery.steps]
    return DeliveryView(channel=channel, steps=steps, **values)
