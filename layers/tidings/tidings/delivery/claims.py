"""Claims: the right of one process to send a delivery, from right before the provider's call.

A claim ends with the provider's receipt or with a failure. If its process dies before that, the
result is unknown; the lost claim is found by the delivery command when it comes again, or by the
job that releases due notifications. If only MongoDB did not answer, the process is alive and knows
whether it sent the message. It remembers that until the command comes again, usually to the same
process.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from typing import Final

from pymongo.errors import PyMongoError

from tidings.delivery import channels, states
from tidings.delivery.errors import CircuitOpen, DeliveryFailure, TemporaryFailure
from tidings.delivery.events import NotificationFailed, NotificationFailedData
from tidings.delivery.models import Channel, DeliveryStatus, Notification
from tidings.delivery.schemas import OutgoingMessage, Receipt
from tidings.platform.context import is_last_attempt
from tidings.platform.errors import NotYet, TidingsError
from tidings.platform.storage import database
from tidings.platform.timing.clock import new_event_id, now

# Functions that send end within their timeout (120 s). After this time the process is dead.
LEASE: Final = timedelta(seconds=150)
DIED: Final = "a process died between sending and recording"
NO_ANSWER: Final = "the provider did not answer after it had the message"
ROUND: Final = 200
ROUNDS: Final = 10
# At most one message of a batch is in doubt at a time. Older entries were used already, or their
# command never comes again.
MAX_IN_MIND: Final = 1_000

# By claim: the provider's receipt, or None if the provider has not received the message.
_in_mind: dict[str, Receipt | None] = {}


def send(
    notification: Notification, channel: Channel, message: OutgoingMessage, *, at: datetime | None
) -> None:
    """Claim a delivery, call its provider once, and record the result.

    Args:
        at: the time to record; by default the current time at each step.

    Raises:
        NotYet: another process claimed it first, or the provider's circuit is open.
        TemporaryFailure: the provider did not accept the message this time.
        PermanentFailure: the provider refused the message; the delivery has failed.
    """
    claimed = take(notification, channel, at or now())
    if claimed is None:
        return
    try:
        receipt = channels.deliver(message)
    except Exception as error:
        if end_with_failure(claimed, channel, error, at=at or now()):
            return
        raise
    end_with_receipt(claimed, channel, receipt, at=at or now())


def take(notification: Notification, channel: Channel, at: datetime) -> Notification | None:
    """Claim a delivery; return None if it must not be sent any more.

    Raises:
        NotYet: another process claimed it first.
    """
    claim = new_event_id()
    # If MongoDB stores the claim but does not answer, only this process can undo it.
    with database.patiently(), _kept_in_mind(claim, None):
        claimed = states.change(
            notification, channel, states.CLAIM, at=at, claimed_at=at, claim=claim
        )
        if claimed is not None:
            return claimed
        # The driver repeats a write whose answer was lost. After a restart MongoDB refuses the
        # repetition, although the first write is stored.
        found = states.find_open(notification.id, channel)
    delivery = found.deliveries[channel.value] if found else None
    if delivery is None or delivery.claim == claim:
        return found
    raise NotYet("Another process claimed this delivery first.")


def end_with_receipt(
    notification: Notification, channel: Channel, receipt: Receipt, *, at: datetime
) -> None:
    """Record that the provider accepted the message."""
    claim = notification.deliveries[channel.value].claim
    with database.patiently(), _kept_in_mind(claim, receipt):
        states.change(
            notification,
            channel,
            states.ACCEPT,
            at=at,
            provider=receipt.provider,
            provider_message_id=receipt.provider_message_id,
        )


def end_with_failure(
    notification: Notification, channel: Channel, error: Exception, *, at: datetime
) -> bool:
    """Record why the message was not sent.

    Returns:
        True if the recipient's own fault ends the delivery, so that the command is done.

    Raises:
        NotYet: the provider's circuit is open, so the provider was not called.
    """
    claim = notification.deliveries[channel.value].claim
    reason = getattr(error, "reason", None) or type(error).__name__
    transition = _transition_after(error, channel)
    if transition is states.LOSE and isinstance(error, TemporaryFailure):
        reason = NO_ANSWER
    event, fields = None, {}
    is_over = _is_over_for_recipient(error)
    if is_over and transition is states.FAIL:
        event, fields = _failed_event(notification, channel, reason, at), {"undeliverable": True}
    was_not_sent = isinstance(error, TidingsError) and not getattr(error, "maybe_sent", False)
    in_mind = _kept_in_mind(claim, None) if was_not_sent else nullcontext()
    with database.patiently(), in_mind:
        states.change(notification, channel, transition, reason, at=at, event=event, **fields)
    if isinstance(error, CircuitOpen):
        raise NotYet("The provider's circuit is open.") from error
    return is_over


def is_over_for(notification: Notification, channel: Channel, at: datetime) -> bool:
    """Handle a delivery that is claimed already; return True if there is nothing left to send.

    A live process keeps its claim. The claim of a dead process may be repeated on channels where a
    repetition does no harm; otherwise it is settled. A claim of this process that MongoDB did not
    acknowledge is completed from memory.

    Raises:
        NotYet: another process is sending it, or died less than `LEASE` ago.
    """
    delivery = notification.deliveries[channel.value]
    if delivery.status != DeliveryStatus.SENDING:
        return False
    if delivery.claim in _in_mind:
        receipt = _in_mind[delivery.claim]
        if receipt is not None:
            end_with_receipt(notification, channel, receipt, at=at)
        return receipt is not None
    if at < delivery.claimed_at + LEASE:
        raise NotYet("Another process is sending this message, or died while sending it.")
    if channels.is_idempotent(channel.value):
        return False
    states.change(notification, channel, states.LOSE, DIED, at=at)
    return True


def settle_lost_claims(at: datetime) -> int:
    """Settle claims whose process died.

    Deliveries that may be sent twice are queued again with their command. All others become
    `unknown`.

    Returns:
        The number of settled claims.
    """
    return sum(_settle_all(channel, at) for channel in Channel)


def _settle_all(channel: Channel, at: datetime) -> int:
    place, settled = f"deliveries.{channel.value}", 0
    lost = {
        f"{place}.status": DeliveryStatus.SENDING.value,
        f"{place}.claimed_at": {"$lte": at - LEASE},
    }
    may_repeat = channels.is_idempotent(channel.value)
    transition = states.REQUEUE if may_repeat else states.LOSE
    for _ in range(ROUNDS):
        found = list(Notification.objects(__raw__=lost).limit(ROUND))
        for each in found:
            command = states.command_for(each, channel) if may_repeat else None
            changed = states.change(each, channel, transition, DIED, at=at, event=command)
            settled += changed is not None
        if len(found) < ROUND:
            break
    return settled


def _transition_after(error: Exception, channel: Channel) -> states.Transition:
    match error:
        case CircuitOpen():
            return states.REQUEUE
        case TemporaryFailure() if error.maybe_sent and not channels.is_idempotent(channel.value):
            return states.LOSE
        case TemporaryFailure() if not is_last_attempt():
            return states.REQUEUE
        case TidingsError():
            return states.FAIL
    return states.LOSE  # a bug of ours; the provider may have been called


def _is_over_for_recipient(error: Exception) -> bool:
    if not isinstance(error, DeliveryFailure) or not error.of_recipient:
        return False
    return not error.retryable or is_last_attempt()


def _failed_event(
    notification: Notification, channel: Channel, reason: str, at: datetime
) -> NotificationFailed:
    data = NotificationFailedData.model_validate(
        {
            "notification_id": notification.id,
            "channel": channel.value,
            "at": at,
            "reason": reason,
        }
    )
    return NotificationFailed(subject=notification.id, data=data)


@contextmanager
def _kept_in_mind(claim: str, receipt: Receipt | None) -> Iterator[None]:
    """Write to MongoDB in this context; if that fails, remember the result in this process."""
    try:
        yield
    except PyMongoError:
        _in_mind[claim] = receipt
        while len(_in_mind) > MAX_IN_MIND:
            del _in_mind[next(iter(_in_mind))]
        raise
