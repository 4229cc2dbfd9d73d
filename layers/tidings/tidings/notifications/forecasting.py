"""What would become of a delivery command that is sent back from `failed-messages`."""

from typing import Any, Final

from tidings.notifications.delivering import EXPIRED, TOO_OLD, outlook
from tidings.notifications.models import DeliveryStatus
from tidings.platform.forecast import Forecast, Outcome

HANDED_OVER: Final = frozenset(
    {
        DeliveryStatus.SENDING,
        DeliveryStatus.SENT,
        DeliveryStatus.DELIVERED,
        DeliveryStatus.UNKNOWN,
        # After a provider had it: it came back.
        DeliveryStatus.FAILED,
    }
)


def forecast(event: Any) -> Forecast:
    """Say whether it would send, with preferences, quiet hours and age as they are now."""
    decision = outlook(event)
    reason = decision.reason or decision.status.value
    if decision.status is DeliveryStatus.QUEUED:
        return Forecast(outcome=Outcome.WOULD_SEND, reason=f"by {event.data.channel}")
    if decision.status in HANDED_OVER:
        return Forecast(outcome=Outcome.ALREADY_DELIVERED, reason=reason)
    if decision.reason in {TOO_OLD, EXPIRED}:
        return Forecast(outcome=Outcome.STALE, reason=reason)
    return Forecast(outcome=Outcome.SUPPRESSED, reason=reason)
