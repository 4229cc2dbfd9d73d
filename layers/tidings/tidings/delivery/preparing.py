"""Prepare a delivery: decide whether it is sent now, render and address its message."""

from datetime import datetime
from typing import Final

from tidings.delivery import planning, sms_limits, states
from tidings.delivery.attempts import Attempt
from tidings.delivery.messages import message_for
from tidings.delivery.models import DeliveryStatus
from tidings.delivery.states import Change
from tidings.platform.errors import NotYet, TidingsError

SMS_LIMIT: Final = "too many text messages"


def prepare(attempt: Attempt, at: datetime) -> None:
    """Give an attempt its message, or the reason why it is not sent now."""
    notification, channel, contact = attempt.notification, attempt.channel, attempt.contact
    decision = planning.decide_now(channel, notification, contact, attempt.suppression, at)
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
    notification, channel = attempt.notification, attempt.channel
    assert attempt.message is not None
    try:
        if sms_limits.admits(attempt.message, carries_code=notification.carries_code):
            return
        attempt.change = Change(notification, channel, states.SUPPRESS, SMS_LIMIT, at=at)
    except NotYet as error:
        attempt.failure = error
    attempt.message = None
