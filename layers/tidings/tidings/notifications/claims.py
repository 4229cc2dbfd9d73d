"""Claims of deliveries, and what becomes of those whose holder died.

Who finds one is the command that comes again, or the job that looks for commands that were lost.

Where MongoDB did not answer, its holder lives, and knows whether it sent: it keeps that in mind
for when the command comes again, which mostly it does to the same process.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from pymongo.errors import PyMongoError

from tidings.delivery import channels
from tidings.delivery.schemas import Receipt
from tidings.notifications import status
from tidings.notifications.models import Channel, Delivery, DeliveryStatus, Notification
from tidings.notifications.telling import command_for
from tidings.platform.logging import logger

# A function that has a message in hand ends within its timeout (120 s); later it is dead.
LEASE: Final = timedelta(seconds=150)
DIED: Final = "a process died between sending and recording"
ROUND: Final = 200
ROUNDS: Final = 10
# One message of a batch at a time is in doubt; older ones have come again or never will.
MAX_IN_MIND: Final = 1_000

# By the claim's name: what the provider answered, or None where it has nothing of us.
_in_mind: dict[str, Receipt | None] = {}


@contextmanager
def kept_in_mind(claim: str, receipt: Receipt | None) -> Iterator[None]:
    """Tell MongoDB within it; where it does not answer, this process knows all the same."""
    try:
        yield
    except PyMongoError:
        _in_mind[claim] = receipt
        while len(_in_mind) > MAX_IN_MIND:
            del _in_mind[next(iter(_in_mind))]
        raise


def is_in_mind(delivery: Delivery) -> bool:
    """Say whether a claim is this process's own, of one that MongoDB did not answer."""
    return delivery.claim in _in_mind


def receipt_of(delivery: Delivery) -> Receipt | None:
    """Return what the provider answered to a message in mind; None where it was not sent."""
    return _in_mind[delivery.claim]


def is_held(delivery: Delivery, at: datetime) -> bool:
    """Say whether who claimed a delivery may live."""
    return bool(at < delivery.claimed_at + LEASE)


def settle_lost_claims(at: datetime) -> int:
    """Let go on what nobody holds any more: what may be sent again is queued, with its command,
    of all else nobody can know whether it was sent.

    Returns:
        How many there were.
    """
    return sum(_settle_all(channel, at) for channel in Channel)


def _settle_all(channel: Channel, at: datetime) -> int:
    place, settled = f"deliveries.{channel.value}", 0
    lost = {
        f"{place}.status": DeliveryStatus.SENDING.value,
        f"{place}.claimed_at": {"$lte": at - LEASE},
    }
    for _ in range(ROUNDS):
        found = list(Notification.objects(__raw__=lost).limit(ROUND))
        settled += sum(settle(each, channel, at) for each in found)
        if len(found) < ROUND:
            break
    return settled


def settle(notification: Notification, channel: Channel, at: datetime) -> bool:
    """Record what becomes of a claim that was lost; say whether nobody else did."""
    may_repeat = channels.is_idempotent(channel.value)
    if not may_repeat:
        logger.error("a message was sent or not, nobody knows", notification_id=notification.id)
    went_on = status.record(
        notification.id,
        channel.value,
        DeliveryStatus.QUEUED if may_repeat else DeliveryStatus.UNKNOWN,
        at=at,
        after=[DeliveryStatus.SENDING],
        reason=DIED,
        where={"claimed_at": notification.deliveries[channel.value].claimed_at},
        command=command_for(notification, channel) if may_repeat else None,
    )
    if went_on is not None and not may_repeat and notification.carries_code:
        status.drop_variables(notification.id)
    return went_on is not None
