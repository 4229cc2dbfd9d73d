"""Prepare a delivery: decide whether it is sent now, render and address its message."""

from datetime import datetime
from typing import Final

from tidings.delivery import planning, sms_limits, states
from tidings.delivery.attempts import Attempt
from tidings.delivery.messages import message_for
from tidings.delivery.models import DeliveryStatus
from tidings.delivery.planning import Decision
from tidings.delivery.states import Change
from tidings.platform.errors import NotYet, TidingsError

SMS_LIMIT: Final = "too many text messages"


def prepare(attempt: Attempt, at: datetime) -> None:
    """Give an attempt its message, or the reason why it is not sent now."""
    notification, channel, contact = attempt.notification, attempt.channel, attempt.contact
    decision = planning.decide_now(channel, notification, contact, attempt.suppression, at)
    if attempt.is_repetition:
        _prepare_again(attempt, decision, at)
        return
    if contact is None or decision.status != DeliveryStatus.QUEUED:
        transition, fields = states.BY_DECISION[decision.status], {"due_at": decision.due_at}
        attempt.change = Change(
            notification, channel, transition, decision.reason, at=at, fields=fields
        )
        return
    try:
        attempt.message = message_for(notification, channel, contact)
    except TidingsError as error:
        attempt.failure = error
        attempt.change = Change(notification, channel, states.FAIL, type(error).__name__, at=at)


def admit_text(attempt: Attempt, at: datetime) -> None:
    """Count a text message; take the message from an attempt beyond the limits of text messages."""
    assert attempt.message is not None
    try:
        if not sms_limits.admits(attempt.message, carries_code=attempt.notification.carries_code):
            attempt.suppress(SMS_LIMIT, at)
    except NotYet as error:
        attempt.failure = error
        attempt.message = None


def _prepare_again(attempt: Attempt, decision: Decision, at: datetime) -> None:
    """Prepare a push whose text was changed after it was sent.

    If it is not sent again, its delivery stays as it is: the first text has arrived.
    """
    notification, channel, contact = attempt.notification, attempt.channel, attempt.contact
    if contact is not None and decision.status == DeliveryStatus.QUEUED:
        try:
            attempt.message = message_for(notification, channel, contact)
        except TidingsError as error:
            attempt.failure = error
    elif decision.status == DeliveryStatus.SCHEDULED:
        attempt.change = Change(
            notification,
            channel,
            states.WAIT_AGAIN,
            decision.reason,
            at=at,
            fields={"due_at": decision.due_at},
        )
    else:
        attempt.suppress(decision.reason, at)
