"""The state machine of a delivery: its transitions, and the writes that make them.

Each transition is one atomic write: it changes the status if that is still the expected one, and
adds a step to the delivery's history. A delivery that becomes `queued` gets its command in the same
write.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from pymongo import ReturnDocument

from tidings.delivery import status
from tidings.delivery.events import DeliverNotification, DeliverNotificationData
from tidings.delivery.models import Channel, Delivery, DeliveryStatus, Notification, Step
from tidings.delivery.planning import Decision
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.messaging.events import Event
from tidings.platform.messaging.outbox import OutboxEntry
from tidings.users import codes

ACCEPTED: Final = "accepted"
SCHEDULED, QUEUED = DeliveryStatus.SCHEDULED, DeliveryStatus.QUEUED
SENDING, SENT = DeliveryStatus.SENDING, DeliveryStatus.SENT
DELIVERED, FAILED = DeliveryStatus.DELIVERED, DeliveryStatus.FAILED
SUPPRESSED, CANCELLED = DeliveryStatus.SUPPRESSED, DeliveryStatus.CANCELLED
UNKNOWN = DeliveryStatus.UNKNOWN


class Transition(NamedTuple):
    """A change of a delivery to a status, possible from some statuses only."""

    reached: DeliveryStatus
    after: tuple[DeliveryStatus, ...]


# Its time has come, by `send_at`, the quiet hours, or the digest.
RELEASE: Final = Transition(QUEUED, (SCHEDULED,))
SHOW_IN_INBOX: Final = Transition(DELIVERED, (SCHEDULED,))
# A consumer works on it. A failed delivery may be redriven; a lost claim may be repeated.
POSTPONE: Final = Transition(SCHEDULED, (SCHEDULED, QUEUED, SENDING, FAILED))
SUPPRESS: Final = Transition(SUPPRESSED, (SCHEDULED, QUEUED, SENDING, FAILED))
CLAIM: Final = Transition(SENDING, (QUEUED, SENDING, FAILED))
# The claim ends.
ACCEPT: Final = Transition(SENT, (SENDING,))
REQUEUE: Final = Transition(QUEUED, (SENDING,))
LOSE: Final = Transition(UNKNOWN, (SENDING,))
FAIL: Final = Transition(FAILED, (QUEUED, SENDING, FAILED))
# An operator or the sender cancels it.
CANCEL: Final = Transition(CANCELLED, (SCHEDULED, QUEUED))
# The provider reports that the message arrived, or that it bounced or was unwanted.
ARRIVE: Final = Transition(DELIVERED, (SENDING, SENT, UNKNOWN))
RETURN: Final = Transition(FAILED, (SENDING, SENT, UNKNOWN, DELIVERED))

# The transition that carries out a decision about a delivery.
BY_DECISION: Final = {each.reached: each for each in (RELEASE, POSTPONE, SUPPRESS, SHOW_IN_INBOX)}
# Final states, unless a provider later reports about the message.
SETTLED: Final = frozenset({SENT, DELIVERED, FAILED, SUPPRESSED, CANCELLED, UNKNOWN})


def first_state(decision: Decision, at: datetime) -> Delivery:
    """Return a new delivery with its first steps."""
    step = Step(status=decision.status.value, at=at, reason=decision.reason)
    return Delivery(
        status=decision.status.value,
        reason=decision.reason,
        due_at=decision.due_at,
        steps=[Step(status=ACCEPTED, at=at), step],
    )


def command_for(notification: Notification, channel: Channel) -> DeliverNotification:
    """Return the command of a queued delivery."""
    data = DeliverNotificationData.model_validate(
        {
            "notification_id": notification.id,
            "channel": channel.value,
            "priority": notification.priority,
        }
    )
    return DeliverNotification(
        subject=notification.id, correlationid=notification.correlation_id, data=data
    )


def find_open(notification_id: str, channel: Channel) -> Notification | None:
    """Return the notification of a command; None if it is deleted or its delivery is not open."""
    found: Notification | None = Notification.objects(pk=notification_id).first()
    delivery = found.deliveries.get(channel.value) if found else None
    if delivery is None or not is_open(delivery):
        logger.info(
            "delivery skipped: delivery is gone or not open",
            notification_id=notification_id,
            channel=channel.value,
            status=delivery.status if delivery else None,
        )
        return None
    return found


def is_open(delivery: Delivery) -> bool:
    """Say whether a delivery may be sent.

    A delivery that failed before a provider accepted it is open, too: an operator may redrive its
    command from `failed-messages`.
    """
    if delivery.status == FAILED:
        return delivery.provider_message_id is None and not delivery.undeliverable
    return delivery.status in {QUEUED, SENDING}


def change(
    notification: Notification,
    channel: Channel,
    transition: Transition,
    reason: str | None = None,
    *,
    at: datetime,
    event: Event | None = None,
    **fields: Any,
) -> Notification | None:
    """Make a transition, unless another process changed the delivery since it was read.

    Args:
        event: an event to publish with the change.
        fields: the delivery's fields to set.

    Returns:
        The changed notification, or None if another process was faster.

    Raises:
        ValueError: the transition is not possible from the status that was read.
    """
    read = notification.deliveries[channel.value]
    if read.status not in transition.after:
        raise ValueError(f"a delivery cannot become {transition.reached} after {read.status}")
    unchanged = {"status": read.status, "claimed_at": read.claimed_at}
    return record(
        notification.id,
        channel.value,
        transition,
        reason,
        at=at,
        where=unchanged,
        event=event,
        **fields,
    )


def decide(
    notification: Notification, channel: Channel, decision: Decision, *, at: datetime
) -> None:
    """Carry out a decision not to send a delivery now, unless another process was faster."""
    transition = BY_DECISION[decision.status]
    change(notification, channel, transition, decision.reason, at=at, due_at=decision.due_at)


def record(
    notification_id: str,
    channel: str,
    transition: Transition,
    reason: str | None = None,
    *,
    at: datetime,
    where: Mapping[str, Any] | None = None,
    event: Event | None = None,
    **fields: Any,
) -> Notification | None:
    """Make a transition if the delivery's status allows it; `where` adds conditions on its fields.

    When a delivery with a code is settled, its variables are deleted. If it failed, the code
    becomes void.

    Returns:
        The changed notification, or None if the conditions did not hold.
    """
    place = f"deliveries.{channel}"
    conditions = {"status": {"$in": [each.value for each in transition.after]}} | dict(where or {})
    update = update_of(channel, transition, reason, at=at, **fields)
    if event is not None:
        update["$push"]["outbox"] = OutboxEntry.of(event).to_mongo()
    found = Notification._get_collection().find_one_and_update(
        {"_id": notification_id} | {f"{place}.{key}": value for key, value in conditions.items()},
        update,
        return_document=ReturnDocument.AFTER,
    )
    status.forget([notification_id])
    if found is None:
        return None
    about: dict[str, Any] = {
        "notification_id": notification_id,
        "channel": channel,
        "reason": reason,
    }
    if transition is LOSE:
        logger.warning("delivery unknown: the message may have been sent", **about)
    else:
        logger.info("delivery status changed", status=transition.reached.value, **about)
    notification: Notification = Notification._from_son(found)
    if event is not None:
        outbox.note_stored(notification)
    if notification.carries_code and transition.reached in SETTLED:
        _drop_code(notification, is_void=transition.reached is FAILED)
    return notification


def update_of(
    channel: str,
    transition: Transition,
    reason: str | None = None,
    *,
    at: datetime,
    **fields: Any,
) -> dict[str, Any]:
    """Return the MongoDB update of a transition, for writes of many notifications."""
    place, reached = f"deliveries.{channel}", transition.reached
    step = {"status": reached.value, "at": at}
    values = {"status": reached.value, **fields}
    update: dict[str, Any] = {"$push": {f"{place}.steps": step}}
    if reason is None:
        update["$unset"] = {f"{place}.reason": 1}
    else:
        values["reason"] = step["reason"] = reason
    if reached is SENDING:
        update["$inc"] = {f"{place}.attempts": 1}
    if reached is SCHEDULED:
        update["$min"] = {"next_due_at": fields["due_at"]}
    set_values = {f"{place}.{name}": value for name, value in values.items() if value is not None}
    return update | {"$set": set_values}


def _drop_code(notification: Notification, *, is_void: bool) -> None:
    """Delete the variables, so that a code is not kept longer than needed."""
    if is_void:
        codes.void_told(notification.user_id, notification.variables)
    Notification.objects(pk=notification.id).update_one(set__variables={})
