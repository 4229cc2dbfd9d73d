"""Deliver one notification through one channel, once: the work of the delivery consumers."""

from datetime import datetime
from typing import Final

from tidings.delivery import claims, planning, sms_limits, states
from tidings.delivery.events import DeliverNotification
from tidings.delivery.messages import message_for
from tidings.delivery.models import Channel, DeliveryStatus, Notification
from tidings.delivery.planning import Decision
from tidings.delivery.schemas import OutgoingMessage
from tidings.platform.errors import TidingsError
from tidings.platform.timing.clock import now
from tidings.users.contact_points import get_contacts

SMS_LIMIT: Final = "too many text messages"
GONE: Final = "the notification is gone"


def deliver(command: DeliverNotification, at: datetime | None = None) -> None:
    """Send a notification through a channel, unless it was sent, is being sent, or must not be.

    The delivery is claimed right before the call of the provider, and its result is recorded right
    after. If the process dies in between, the claim stays and the result is unknown. If the
    recipient's own address, device or server is at fault, the delivery fails and is announced. It
    does not become a dead letter: anyone could create such messages at will.

    Raises:
        NotYet: another process is sending it, or the provider's circuit is open.
        TemporaryFailure: the provider did not accept it this time.
        PermanentFailure: the provider refused it; the delivery has failed, an operator must look.
        TidingsError: rendering failed; the delivery has failed.
    """
    moment, channel = at or now(), Channel(command.data.channel)
    notification = states.find_open(command.data.notification_id, channel)
    if notification is None or claims.is_over_for(notification, channel, moment):
        return
    prepared = _prepared(notification, channel, moment)
    if isinstance(prepared, Decision):
        states.decide(notification, channel, prepared, at=moment)
        return
    claims.send(notification, channel, prepared, at=at)


def outlook(command: DeliverNotification, at: datetime | None = None) -> Decision:
    """Forecast the result of a command without changing anything.

    `queued` means that it would be sent. Otherwise the decision has the delivery's current status,
    or the reason why it would not be sent now.
    """
    moment, channel = at or now(), Channel(command.data.channel)
    found = Notification.objects(pk=command.data.notification_id).first()
    delivery = found.deliveries.get(channel.value) if found else None
    if found is None or delivery is None:
        return Decision(DeliveryStatus.SUPPRESSED, GONE)
    if not states.is_open(delivery) or delivery.status == DeliveryStatus.SENDING:
        return Decision(DeliveryStatus(delivery.status), delivery.reason)
    contact = get_contacts([found.user_id]).get(found.user_id)
    return planning.decide_now(channel, found, contact, moment)


def _prepared(
    notification: Notification, channel: Channel, at: datetime
) -> OutgoingMessage | Decision:
    """Return the message to send, or the decision not to send one now.

    Raises:
        TidingsError: rendering failed; the delivery has failed.
    """
    contact = get_contacts([notification.user_id]).get(notification.user_id)
    decision = planning.decide_now(channel, notification, contact, at)
    if contact is None or decision.status != DeliveryStatus.QUEUED:
        return decision
    try:
        message = message_for(notification, channel, contact)
    except TidingsError as error:
        states.change(notification, channel, states.FAIL, type(error).__name__, at=at)
        raise
    if not sms_limits.admits(message, carries_code=notification.carries_code):
        return Decision(DeliveryStatus.SUPPRESSED, SMS_LIMIT)
    return message
