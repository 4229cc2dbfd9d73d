"""Deliver notifications through a channel, each once: the work of the delivery consumers.

Commands pass through these steps together: load their notifications, prepare the messages, claim
the deliveries, send, record the results.
"""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from tidings.delivery import claims, frequency, planning, sending, states, tracking
from tidings.delivery.attempts import Attempt
from tidings.delivery.events import DeliverNotification
from tidings.delivery.loading import load
from tidings.delivery.messages import message_for
from tidings.delivery.models import Channel, DeliveryStatus, Notification
from tidings.delivery.planning import Decision
from tidings.delivery.preparing import admit_text, prepare
from tidings.delivery.suppression import suppressed
from tidings.platform.errors import NotYet
from tidings.platform.messaging.events import Failure
from tidings.platform.timing.clock import now
from tidings.users.contacts import get_contacts

GONE: Final = "the notification is gone"
# One message or one group takes less: MongoDB has about 10 s each for the data, the claims and the
# results, the providers 20 s for a message.
NEEDS_SECONDS: Final = 55.0
# The last group of a batch begins before this ends, and so ends within the function's timeout of
# 120 s.
BATCH_SECONDS: Final = 60.0


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
    for attempt in _deliver_group([command], at):
        if attempt.failure is not None:
            raise attempt.failure


def deliver_together(
    commands: Sequence[DeliverNotification], at: datetime | None = None
) -> list[Failure]:
    """Deliver several notifications as `deliver` does, with few round trips to MongoDB.

    They are claimed in groups, each for about a second of sending. If the process dies, the results
    of the group that it had claimed are unknown.

    Args:
        at: the time to record; by default the current time at each step.

    Returns:
        The commands that failed. After `BATCH_SECONDS` the rest fails with `NotYet`.
    """
    ends = time.monotonic() + BATCH_SECONDS
    waiting, failures = list(commands), list[Failure]()
    while waiting and time.monotonic() < ends:
        size = sending.pace.messages
        group, waiting = waiting[:size], waiting[size:]
        for each in _deliver_group(group, at):
            if each.is_given_back:
                waiting.append(each.command)
            elif each.failure is not None:
                failures.append(Failure(each.command, each.failure))
    late = NotYet("The messages before it took too long.")
    return failures + [Failure(each, late) for each in waiting]


def outlook(
    command: DeliverNotification, at: datetime | None = None, *, renders: bool = False
) -> Decision:
    """Forecast the result of a command without changing anything.

    `queued` means that it would be sent. Otherwise the decision has the delivery's current status,
    or the reason why it would not be sent now.

    Args:
        renders: whether a message that would be sent is rendered, too.

    Raises:
        TidingsError: rendering would fail.
    """
    moment, channel = at or now(), Channel(command.data.channel)
    found = Notification.objects(pk=command.data.notification_id).first()
    delivery = found.deliveries.get(channel.value) if found else None
    if found is None or delivery is None:
        return Decision(DeliveryStatus.SUPPRESSED, GONE)
    if not states.is_open(delivery) or delivery.status == DeliveryStatus.SENDING:
        return Decision(DeliveryStatus(delivery.status), delivery.reason)
    contact = get_contacts([found.user_id]).get(found.user_id)
    suppression = suppressed([contact.email]).get(contact.email) if contact else None
    decision = planning.decide_now(channel, found, contact, suppression, moment)
    if decision.status == DeliveryStatus.QUEUED:
        reason = frequency.reason_to_stop(found, channel, moment)
        decision = Decision(DeliveryStatus.SUPPRESSED, reason) if reason else decision
    if renders and contact and decision.status == DeliveryStatus.QUEUED:
        message_for(found, channel, contact, logs=False)
    return decision


def _deliver_group(
    commands: Sequence[DeliverNotification], at: datetime | None = None
) -> list[Attempt]:
    moment = at or now()
    attempts = load(commands)
    for each in attempts:
        if not each.is_over:
            claims.review(each, moment)
        if not each.is_over:
            prepare(each, moment)
    frequency.admit(attempts, moment)
    for each in attempts:
        if each.message is not None:
            admit_text(each, moment)
    sending.send_all(claims.take([each for each in attempts if each.message], at or now()), at)
    claims.record(attempts)
    frequency.give_back(attempts)
    tracking.begin([each.message for each in attempts if each.message and each.receipt], moment)
    return attempts
