"""Delivering one notification by one channel, once: what the delivery consumers do."""

from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any, Final

from tidings.delivery import channels
from tidings.delivery.errors import CircuitOpen, TemporaryFailure
from tidings.delivery.schemas import OutgoingMessage, Receipt
from tidings.delivery.suppression import suppressed
from tidings.notifications import claims, status
from tidings.notifications.events import DeliverNotification
from tidings.notifications.messages import message_for
from tidings.notifications.models import Channel, Delivery, DeliveryStatus, Notification
from tidings.notifications.planning import Decision, decide
from tidings.platform import database
from tidings.platform.clock import new_event_id, now
from tidings.platform.context import is_last_attempt
from tidings.platform.errors import NotYet, TidingsError
from tidings.platform.logging import logger
from tidings.users.contact_points import Contact, get_contacts

# What nobody could be told for so long is no news any more.
TOO_OLD_AFTER: Final = timedelta(hours=48)

NO_ANSWER: Final = "the provider did not answer after it had the message"
TOO_OLD: Final = "too old"
EXPIRED: Final = "code expired"
GONE: Final = "the notification is gone"


def deliver(command: DeliverNotification, at: datetime | None = None) -> None:
    """Send a notification by a channel, unless that was done, is being done, or must not be.

    It is claimed right before the provider is asked, and what came of it is recorded right
    after: who dies between the two leaves a claim that nobody can tell the outcome of.

    Raises:
        NotYet: another process has it in hand, or the provider rests; ask again later.
        TemporaryFailure: the provider did not take it this time.
        PermanentFailure: it never will; the delivery has failed.
        TidingsError: it cannot be worded; the delivery has failed.
    """
    moment, channel = at or now(), Channel(command.data.channel)
    notification = _find(command.data.notification_id, channel)
    if notification is None or _is_in_other_hands(notification, channel, moment):
        return
    message = _prepare(notification, channel, moment)
    if message is None:
        return
    claimed = _claim(notification, channel, moment)
    if claimed is None:
        return
    try:
        receipt = channels.deliver(message)
    except Exception as error:
        _record_failure(claimed, channel, error, at=moment)
        raise
    _record_receipt(claimed, channel, receipt, at=at or now())


def outlook(command: DeliverNotification, at: datetime | None = None) -> Decision:
    """Say what would become of a command, and change nothing: `queued` means that it would be
    sent; else how the delivery stands, or why it would not be sent (now)."""
    moment, channel = at or now(), Channel(command.data.channel)
    found = Notification.objects(pk=command.data.notification_id).first()
    delivery = found.deliveries.get(channel.value) if found else None
    if found is None or delivery is None:
        return Decision(DeliveryStatus.SUPPRESSED, GONE)
    if not _is_open(delivery) or delivery.status == DeliveryStatus.SENDING:
        return Decision(DeliveryStatus(delivery.status), delivery.reason)
    return _decide(found, channel, get_contacts([found.user_id]).get(found.user_id), moment)


def _find(notification_id: str, channel: Channel) -> Notification | None:
    """Return what is to be delivered; None where it is gone, or nothing is to be done (more)."""
    found: Notification | None = Notification.objects(pk=notification_id).first()
    delivery = found.deliveries.get(channel.value) if found else None
    if delivery is None or not _is_open(delivery):
        logger.info(
            "nothing to deliver",
            notification_id=notification_id,
            channel=channel.value,
            status=delivery.status if delivery else None,
        )
        return None
    return found


def _is_open(delivery: Delivery) -> bool:
    """Say whether a message may go out: also one that failed before a provider had it, for who
    sends its command again from `failed-messages`."""
    match delivery.status:
        case DeliveryStatus.QUEUED | DeliveryStatus.SENDING:
            return True
        case DeliveryStatus.FAILED:
            return delivery.provider_message_id is None
    return False


def _is_in_other_hands(notification: Notification, channel: Channel, at: datetime) -> bool:
    """Look after a delivery that is being sent already: by another process, or by a dead one.

    Where a repetition does no harm, it is ours to send again. Where the claim is our own, and
    MongoDB did not answer, we know whether it was sent.
    """
    delivery = notification.deliveries[channel.value]
    if delivery.status != DeliveryStatus.SENDING:
        return False
    if claims.is_in_mind(delivery):
        receipt = claims.receipt_of(delivery)
        if receipt is not None:
            _record_receipt(notification, channel, receipt, at=at)
        return receipt is not None
    if claims.is_held(delivery, at):
        raise NotYet("Another process has this message in hand, or died with it.")
    if channels.is_idempotent(channel.value):
        return False
    claims.settle(notification, channel, at)
    return True


def _prepare(notification: Notification, channel: Channel, at: datetime) -> OutgoingMessage | None:
    """Return the message as it goes out; None where it must not go (now), which is recorded."""
    contact = get_contacts([notification.user_id]).get(notification.user_id)
    decision = _decide(notification, channel, contact, at)
    if decision.status != DeliveryStatus.QUEUED:
        _step(
            notification, channel, decision.status, decision.reason, at=at, due_at=decision.due_at
        )
        return None
    assert contact is not None
    try:
        return message_for(notification, channel, contact)
    except TidingsError as error:
        _step(notification, channel, DeliveryStatus.FAILED, type(error).__name__, at=at)
        raise


def _decide(
    notification: Notification, channel: Channel, contact: Contact | None, at: datetime
) -> Decision:
    decision = decide(channel, notification, contact, at, digest=False)
    if decision.status == DeliveryStatus.QUEUED and (
        reason := _too_late(notification, channel, at) or _suppression(channel, contact)
    ):
        return Decision(DeliveryStatus.SUPPRESSED, reason)
    return decision


def _too_late(notification: Notification, channel: Channel, at: datetime) -> str | None:
    expires_at = notification.variables.get("code_expires_at")
    if isinstance(expires_at, str) and datetime.fromisoformat(expires_at) <= at:
        return EXPIRED
    due_at = notification.deliveries[channel.value].due_at or notification.created_at
    return TOO_OLD if at - due_at > TOO_OLD_AFTER else None


def _suppression(channel: Channel, contact: Contact | None) -> str | None:
    if channel is not Channel.EMAIL or contact is None:
        return None
    return suppressed([contact.email]).get(contact.email)


def _claim(notification: Notification, channel: Channel, at: datetime) -> Notification | None:
    """Claim a delivery; None where it is not to be sent any more.

    Raises:
        NotYet: somebody else was faster.
    """
    claim = new_event_id()
    # A claim that was stored without an answer is only undone by this process.
    with database.patiently(), claims.kept_in_mind(claim, None):
        claimed = _step(
            notification, channel, DeliveryStatus.SENDING, at=at, claimed_at=at, claim=claim
        )
        if claimed is not None:
            return claimed
        # The driver repeats a write whose answer was lost; a MongoDB that was restarted meanwhile
        # says no to the second, although the first one holds.
        found = _find(notification.id, channel)
    delivery = found.deliveries[channel.value] if found else None
    if delivery is None or delivery.claim == claim:
        return found
    raise NotYet("Another process was faster.")


def _record_receipt(
    notification: Notification, channel: Channel, receipt: Receipt, *, at: datetime
) -> None:
    claim = notification.deliveries[channel.value].claim
    with database.patiently(), claims.kept_in_mind(claim, receipt):
        _step(
            notification,
            channel,
            DeliveryStatus.SENT,
            at=at,
            provider=receipt.provider,
            provider_message_id=receipt.provider_message_id,
        )


def _record_failure(
    notification: Notification, channel: Channel, error: Exception, *, at: datetime
) -> None:
    """Record why it was not sent; raise `NotYet` where the provider was not even asked."""
    claim = notification.deliveries[channel.value].claim
    not_sent = isinstance(error, TidingsError) and not getattr(error, "maybe_sent", False)
    in_mind = claims.kept_in_mind(claim, None) if not_sent else nullcontext()
    with database.patiently(), in_mind:
        _record_reason(notification, channel, error, at=at)


def _record_reason(
    notification: Notification, channel: Channel, error: Exception, *, at: datetime
) -> None:
    reason = getattr(error, "reason", None) or type(error).__name__
    match error:
        case CircuitOpen():
            _step(notification, channel, DeliveryStatus.QUEUED, reason, at=at)
            raise NotYet("The provider rests.") from error
        case TemporaryFailure() if error.maybe_sent and not channels.is_idempotent(channel.value):
            _step(notification, channel, DeliveryStatus.UNKNOWN, NO_ANSWER, at=at)
        case TemporaryFailure() if not is_last_attempt():
            _step(notification, channel, DeliveryStatus.QUEUED, reason, at=at)
        case TidingsError():
            _step(notification, channel, DeliveryStatus.FAILED, reason, at=at)
        case _:  # ours to mend; whether the provider was asked is not known
            _step(notification, channel, DeliveryStatus.UNKNOWN, reason, at=at)


def _step(
    notification: Notification,
    channel: Channel,
    reached: DeliveryStatus,
    reason: str | None = None,
    *,
    at: datetime,
    **fields: Any,
) -> Notification | None:
    """Record a step, unless another process took one since this delivery was read.

    What brought a code is not kept after the last one.
    """
    read = notification.deliveries[channel.value]
    went_on = status.record(
        notification.id,
        channel.value,
        reached,
        at=at,
        after=[DeliveryStatus(read.status)],
        reason=reason,
        where={"claimed_at": read.claimed_at},
        **fields,
    )
    if notification.carries_code and reached in status.SETTLED:
        status.drop_variables(notification.id)
    return went_on
