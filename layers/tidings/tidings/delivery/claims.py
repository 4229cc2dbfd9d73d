"""Claims: the right of one process to send a delivery, from right before the provider's call.

A claim ends with the provider's receipt or with a failure. If its process dies before that, the
result is unknown; the lost claim is found by the delivery command when it comes again, or by the
job that releases due notifications. If only MongoDB did not answer, the process is alive and knows
whether it sent the message. It remembers that until the command comes again, usually to the same
process.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from pymongo.errors import PyMongoError

from tidings.delivery import changes, channels, states
from tidings.delivery.attempts import Attempt
from tidings.delivery.models import Channel, DeliveryStatus, Notification
from tidings.delivery.outgoing import Receipt
from tidings.delivery.states import Change
from tidings.platform.errors import NotYet
from tidings.platform.storage import database
from tidings.platform.storage.rows import rows_of
from tidings.platform.timing.clock import new_event_id

LEASE: Final = states.LEASE
DIED: Final = "a process died between sending and recording"
ROUND: Final = 200
ROUNDS: Final = 10
# Older entries were used already, or their command never comes again.
MAX_IN_MIND: Final = 1_000

# By claim and notification: the provider's receipt, or None if the provider has not received the
# message.
_in_mind: dict[tuple[str, str], Receipt | None] = {}


def review(attempt: Attempt, at: datetime) -> None:
    """End an attempt whose delivery is claimed already, unless it is ours to send.

    A live process keeps its claim: the command comes too early. The claim of a dead process may be
    repeated on channels where a repetition does no harm; otherwise it is settled. A claim of this
    process that MongoDB did not acknowledge is completed from memory.
    """
    notification, channel = attempt.notification, attempt.channel
    delivery = notification.deliveries[channel.value]
    if delivery.status != DeliveryStatus.SENDING:
        return
    if (delivery.claim, notification.id) in _in_mind:
        attempt.claim = delivery.claim
        attempt.receipt = _in_mind[delivery.claim, notification.id]
        if attempt.receipt is not None:
            attempt.change = states.accepted(notification, channel, attempt.receipt, at)
    elif at < delivery.claimed_at + LEASE:
        attempt.failure = NotYet(
            "Another process is sending this message, or died while sending it."
        )
    elif not channels.is_idempotent(channel):
        attempt.change = Change(notification, channel, states.LOSE, DIED, at=at)


def take(attempts: Sequence[Attempt], at: datetime) -> list[Attempt]:
    """Claim deliveries in one round trip, each for one process only; they share the claim's id.

    Returns:
        The attempts to send now. A delivery that another process claimed first has a failure.
    """
    if not attempts:
        return []
    claim = new_event_id()
    claims = [
        Change(
            each.notification,
            each.channel,
            states.claim_of(each.notification.deliveries[each.channel.value]),
            at=at,
            fields={"claimed_at": at, "claim": claim},
        )
        for each in attempts
    ]
    for each in attempts:
        each.claim = claim
    # If MongoDB stores a claim but does not answer, only this process can undo it.
    with database.patiently(), _kept_in_mind(attempts):
        is_all = changes.write(claims) == len(claims)
        taken = list(attempts) if is_all else _taken(attempts)
    for each in taken:
        each.notification = _claimed(each, at)
    return taken


def _claimed(attempt: Attempt, at: datetime) -> Notification:
    """Return the row of an attempt's notification after its delivery was claimed."""
    stored, channel = attempt.notification.stored_form, attempt.channel.value
    claimed = {"status": DeliveryStatus.SENDING.value, "claimed_at": at}
    deliveries = {**stored["deliveries"], channel: stored["deliveries"][channel] | claimed}
    (row,) = rows_of(Notification, [{**stored, "deliveries": deliveries}])
    notification: Notification = row
    return notification


def record(attempts: Sequence[Attempt]) -> None:
    """Record the changes of attempts in one round trip."""
    results = [each.change for each in attempts if each.change]
    if not results:
        return
    with database.patiently(), _kept_in_mind(each for each in attempts if not each.maybe_sent):
        changes.write(results)


def settle_lost_claims(at: datetime) -> int:
    """Settle claims whose process died.

    Deliveries that may be sent twice are queued again with their command. All others become
    `unknown`.

    Returns:
        The number of settled claims.
    """
    return sum(_settle_all(channel, at) for channel in Channel)


def _taken(attempts: Sequence[Attempt]) -> list[Attempt]:
    """Read back which claims are ours.

    The driver repeats a write whose answer was lost. After a restart MongoDB refuses the repetition
    although the first write is stored, so its answer alone does not tell.
    """
    ids = [each.notification.id for each in attempts]
    found = {each.id: each for each in Notification.objects(pk__in=ids).only("deliveries")}
    taken = []
    for each in attempts:
        notification = found.get(each.notification.id)
        delivery = notification.deliveries.get(each.channel.value) if notification else None
        if delivery is not None and delivery.claim == each.claim:
            taken.append(each)
        else:
            each.failure = NotYet("Another process changed this delivery first.")
    return taken


def _settle_all(channel: Channel, at: datetime) -> int:
    place, settled = f"deliveries.{channel.value}", 0
    lost = {
        # The index; a claim sets it to the end of its lease or leaves an earlier time.
        "next_due_at": {"$lte": at},
        f"{place}.status": DeliveryStatus.SENDING.value,
        f"{place}.claimed_at": {"$lte": at - LEASE},
    }
    for _ in range(ROUNDS):
        found = list(Notification.objects(__raw__=lost).limit(ROUND))
        settled += changes.write([_settled(each, channel, at) for each in found])
        if len(found) < ROUND:
            break
    return settled


def _settled(notification: Notification, channel: Channel, at: datetime) -> Change:
    if not channels.is_idempotent(channel):
        return Change(notification, channel, states.LOSE, DIED, at=at)
    command = states.command_for(notification, channel)
    return Change(notification, channel, states.REQUEUE, DIED, at=at, event=command)


@contextmanager
def _kept_in_mind(attempts: Iterable[Attempt]) -> Iterator[None]:
    """Write to MongoDB in this context; if that fails, remember the results in this process."""
    try:
        yield
    except PyMongoError:
        for each in attempts:
            if each.claim is not None:
                _in_mind[each.claim, each.notification.id] = each.receipt
        while len(_in_mind) > MAX_IN_MIND:
            del _in_mind[next(iter(_in_mind))]
        raise
