"""Send claimed messages, and find the transition that follows from each answer of the provider."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from tidings.delivery import channels, states
from tidings.delivery.attempts import Attempt
from tidings.delivery.errors import CircuitOpen, DeliveryFailure, TemporaryFailure
from tidings.delivery.events import NotificationFailed, NotificationFailedData
from tidings.delivery.pace import Pace
from tidings.delivery.states import Change
from tidings.platform.context import is_last_attempt
from tidings.platform.errors import NotYet, TidingsError
from tidings.platform.messaging.events import handling
from tidings.platform.timing.clock import now

SLOW: Final = "the provider is slow"
NO_ANSWER: Final = "the provider did not answer after it had the message"


# Much less than the lease of a claim.
GIVEN_BACK_AFTER_SECONDS: Final = 5.0

pace: Final = Pace()


def send_all(claimed: Sequence[Attempt], at: datetime | None) -> None:
    """Call the provider once for each attempt, and give each its result.

    Claims that would get too old are given back: their deliveries are queued again.

    Args:
        at: the time to record; by default the time of each answer.
    """
    started, sent = time.monotonic(), 0
    for each in claimed:
        if sent and time.monotonic() - started > GIVEN_BACK_AFTER_SECONDS:
            _give_back(each, at or now())
            continue
        with handling(each.command):
            _send(each, at)
        sent += 1
    pace.note(sent, time.monotonic() - started)


def _send(attempt: Attempt, at: datetime | None) -> None:
    assert attempt.message is not None
    try:
        attempt.receipt = channels.deliver(attempt.message)
    except Exception as error:  # noqa: BLE001 (it is the attempt's result)
        _note_failure(attempt, error, at or now())
    else:
        attempt.change = states.accepted(
            attempt.notification, attempt.channel, attempt.receipt, at or now()
        )


def _give_back(attempt: Attempt, at: datetime) -> None:
    attempt.is_given_back = True
    attempt.change = Change(attempt.notification, attempt.channel, states.REQUEUE, SLOW, at=at)


def _note_failure(attempt: Attempt, error: Exception, at: datetime) -> None:
    """Give an attempt the reason why its message was not sent.

    If the recipient's own fault ends the delivery, the command is done: no failure remains.
    """
    was_not_sent = isinstance(error, TidingsError) and not getattr(error, "maybe_sent", False)
    attempt.maybe_sent = not was_not_sent
    transition = _transition_after(attempt, error)
    reason = getattr(error, "reason", None) or type(error).__name__
    if transition is states.LOSE and isinstance(error, TemporaryFailure):
        reason = NO_ANSWER
    is_over = _is_over_for_recipient(error)
    event, fields = None, {}
    if is_over and transition is states.FAIL:
        event, fields = _failed_event(attempt, reason, at), {"undeliverable": True}
    attempt.change = Change(
        attempt.notification,
        attempt.channel,
        transition,
        reason,
        at=at,
        event=event,
        fields=fields,
        tried=error.tried if isinstance(error, DeliveryFailure) else (),
    )
    if isinstance(error, CircuitOpen):
        attempt.failure = NotYet("The provider's circuit is open.")
        attempt.failure.__cause__ = error
    elif not is_over:
        attempt.failure = error


def _transition_after(attempt: Attempt, error: Exception) -> states.Transition:
    match error:
        case CircuitOpen():
            return states.REQUEUE
        case TemporaryFailure() if error.maybe_sent and not channels.is_idempotent(attempt.channel):
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


def _failed_event(attempt: Attempt, reason: str, at: datetime) -> NotificationFailed:
    data = NotificationFailedData.model_validate(
        {
            "notification_id": attempt.notification.id,
            "channel": attempt.channel.value,
            "at": at,
            "reason": reason,
        }
    )
    return NotificationFailed(subject=attempt.notification.id, data=data)
