"""Delivering one notification by one channel, once: what the delivery consumers do."""

from datetime import datetime, timedelta
from typing import Any, Final

from tidings.delivery import channels
from tidings.delivery.errors import CircuitOpen, TemporaryFailure
from tidings.delivery.suppression import suppressed
from tidings.notifications import status
from tidings.notifications.events import DeliverNotification
from tidings.notifications.messages import message_for
from tidings.notifications.models import Channel, DeliveryStatus, Notification
from tidings.notifications.planning import decide
from tidings.platform.clock import now
from tidings.platform.context import is_last_attempt
from tidings.platform.errors import NotYet, TidingsError
from tidings.platform.logging import logger
from tidings.users.contact_points import Contact, get_contacts

# A function that has a message in hand ends within its timeout (60 s); later it is dead.
LEASE: Final = timedelta(seconds=90)
# What nobody could be told for so long is no news any more.
TOO_OLD_AFTER: Final = timedelta(hours=48)

DIED: Final = "a process died between sending and recording"
NO_ANSWER: Final = "the provider did not answer after it had the message"
TOO_OLD: Final = "too old"
EXPIRED: Final = "code expired"

SENDING: Final = (DeliveryStatus.SENDING,)


def deliver(command: DeliverNotification, at: datetime | None = None) -> None:
    """Send a notification by a channel, unless that was done, is being done, or must not be.

    Raises:
        NotYet: another process has it in hand, or the provider rests; ask again later.
        TemporaryFailure: the provider did not take it this time.
        PermanentFailure: it never will; the delivery has failed.
        TidingsError: it cannot be worded; the delivery has failed.
    """
    moment, channel = at or now(), Channel(command.data.channel)
    notification = _claim(command.data.notification_id, channel, moment)
    if notification is None:
        return
    contact = get_contacts([notification.user_id]).get(notification.user_id)
    if _is_held_back(notification, channel, contact, moment):
        return
    assert contact is not None
    try:
        message = message_for(notification, channel, contact)
        receipt = channels.deliver(message)
    except Exception as error:
        _record_failure(notification, channel, error, at=moment)
        raise
    _end(
        notification.id,
        channel,
        DeliveryStatus.SENT,
        None,
        at=at or now(),
        provider=receipt.provider,
        provider_message_id=receipt.provider_message_id,
    )


def _claim(notification_id: str, channel: Channel, at: datetime) -> Notification | None:
    """Take a delivery in hand; None where there is nothing (more) to do."""
    claimed = status.record(
        notification_id,
        channel.value,
        DeliveryStatus.SENDING,
        at=at,
        after=[DeliveryStatus.QUEUED],
        claimed_at=at,
    )
    return claimed or _take_over(notification_id, channel, at)


def _take_over(notification_id: str, channel: Channel, at: datetime) -> Notification | None:
    """Look after a delivery that is not queued: a repeated command, or one whose process died."""
    found = Notification.objects(pk=notification_id).only(f"deliveries.{channel.value}").first()
    delivery = found.deliveries.get(channel.value) if found else None
    if delivery is None or delivery.status != DeliveryStatus.SENDING:
        logger.info(
            "nothing to deliver",
            notification_id=notification_id,
            channel=channel.value,
            status=delivery.status if delivery else None,
        )
        return None
    if at < delivery.claimed_at + LEASE:
        raise NotYet("Another process has this message in hand, or died with it.")
    same_claim = {"claimed_at": delivery.claimed_at}
    if channels.is_idempotent(channel.value):
        return status.record(
            notification_id,
            channel.value,
            DeliveryStatus.SENDING,
            at=at,
            after=SENDING,
            where=same_claim,
            claimed_at=at,
        )
    logger.error("a message may have been sent or not", notification_id=notification_id)
    _end(notification_id, channel, DeliveryStatus.UNKNOWN, DIED, at=at, where=same_claim)
    return None


def _is_held_back(
    notification: Notification, channel: Channel, contact: Contact | None, at: datetime
) -> bool:
    """Ask again, now, whether and when it may be sent; record it where it is not to be now."""
    decision = decide(channel, notification, contact, at, digest=False)
    reason = decision.reason
    if decision.status == DeliveryStatus.QUEUED:
        assert contact is not None
        reason = _too_late(notification, channel, at) or _suppression(channel, contact)
        if reason is None:
            return False
    if decision.status == DeliveryStatus.SCHEDULED:
        status.record(
            notification.id,
            channel.value,
            DeliveryStatus.SCHEDULED,
            at=at,
            after=SENDING,
            reason=reason,
            due_at=decision.due_at,
        )
    else:
        _end(notification.id, channel, DeliveryStatus.SUPPRESSED, reason, at=at)
    return True


def _too_late(notification: Notification, channel: Channel, at: datetime) -> str | None:
    expires_at = notification.variables.get("code_expires_at")
    if isinstance(expires_at, str) and datetime.fromisoformat(expires_at) <= at:
        return EXPIRED
    due_at = notification.deliveries[channel.value].due_at or notification.created_at
    return TOO_OLD if at - due_at > TOO_OLD_AFTER else None


def _suppression(channel: Channel, contact: Contact) -> str | None:
    if channel is not Channel.EMAIL:
        return None
    return suppressed([contact.email]).get(contact.email)


def _record_failure(
    notification: Notification, channel: Channel, error: Exception, *, at: datetime
) -> None:
    """Record why it was not sent; raise `NotYet` where the provider was not even asked."""
    reason = getattr(error, "reason", None) or type(error).__name__
    match error:
        case CircuitOpen():
            _queue_again(notification, channel, reason, at=at)
            raise NotYet("The provider rests.") from error
        case TemporaryFailure() if error.maybe_sent and not channels.is_idempotent(channel.value):
            _end(notification.id, channel, DeliveryStatus.UNKNOWN, NO_ANSWER, at=at)
        case TidingsError() if error.retryable and not is_last_attempt():
            _queue_again(notification, channel, reason, at=at)
        case TidingsError():
            _end(notification.id, channel, DeliveryStatus.FAILED, reason, at=at)
        case _:  # ours to mend; whether the provider was asked is not known
            _end(notification.id, channel, DeliveryStatus.UNKNOWN, reason, at=at)


def _queue_again(
    notification: Notification, channel: Channel, reason: str, *, at: datetime
) -> None:
    status.record(
        notification.id, channel.value, DeliveryStatus.QUEUED, at=at, after=SENDING, reason=reason
    )


def _end(
    notification_id: str,
    channel: Channel,
    reached: DeliveryStatus,
    reason: str | None,
    *,
    at: datetime,
    where: dict[str, Any] | None = None,
    **fields: Any,
) -> None:
    """Record how a delivery ended. What brought a code is not kept after that."""
    ended = status.record(
        notification_id,
        channel.value,
        reached,
        at=at,
        after=SENDING,
        reason=reason,
        where=where,
        **fields,
    )
    if ended is not None and ended.carries_code:
        status.drop_variables(notification_id)
