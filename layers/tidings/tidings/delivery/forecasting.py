"""Forecast the result of redriving a delivery command from `failed-messages`."""

from typing import Any, Final

from tidings.delivery.delivering import outlook
from tidings.delivery.models import DeliveryStatus
from tidings.delivery.planning import EXPIRED, TOO_OLD, VOID
from tidings.platform.errors import TidingsError
from tidings.platform.messaging.forecast import Forecast, Outcome, would_fail

HANDED_OVER: Final = frozenset(
    {
        DeliveryStatus.SENDING,
        DeliveryStatus.SENT,
        DeliveryStatus.DELIVERED,
        DeliveryStatus.UNKNOWN,
        # `outlook` returns FAILED only if a provider had accepted the message, or if the recipient
        # was at fault.
        DeliveryStatus.FAILED,
    }
)


def forecast(event: Any, *, renders: bool) -> Forecast:
    """Return whether the command would send, by the current preferences, quiet hours and age."""
    try:
        decision = outlook(event, renders=renders)
    except TidingsError as error:
        return would_fail(error)
    reason = decision.reason or decision.status.value
    if decision.status is DeliveryStatus.QUEUED:
        return Forecast(outcome=Outcome.WOULD_SEND, reason=f"by {event.data.channel}")
    if decision.status in HANDED_OVER:
        return Forecast(outcome=Outcome.ALREADY_DELIVERED, reason=reason)
    if decision.reason in {TOO_OLD, EXPIRED, VOID}:
        return Forecast(outcome=Outcome.STALE, reason=reason)
    return Forecast(outcome=Outcome.SUPPRESSED, reason=reason)
