"""What would become of a failed message if its queue got it again."""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from tidings.notifications.events import DeliverNotification
from tidings.notifications.forecasting import forecast as forecast_delivery
from tidings.operations.models import FailedMessage
from tidings.platform.database import DOMAINS
from tidings.platform.events import EVENT_CLASSES, Event, Malformed, decoded
from tidings.platform.forecast import Forecast, Forecaster, Outcome

# Types of messages whose domain knows better than "handled again", such as delivery commands:
# "<type>": <domain>'s own function. Domains do not import this one, it imports them.
FORECASTERS: Final[Mapping[str, Forecaster]] = {
    DeliverNotification.event_type(): forecast_delivery,
}

for _module in (f"tidings.{domain}.events" for domain in DOMAINS):
    if find_spec(_module):
        import_module(_module)  # which makes its types known


def forecast_of(message: FailedMessage) -> Forecast:
    """Say what would become of a message; nothing is changed."""
    try:
        event = event_of(message.body)
    except Malformed:
        return Forecast(outcome=Outcome.MALFORMED, reason="It would be refused again as it is.")
    forecaster = FORECASTERS.get(event.type)
    if forecaster is not None:
        return forecaster(event)
    reason = f"It would be handled again by {message.exchange or 'queue'} {message.queue}."
    return Forecast(outcome=Outcome.WOULD_BE_HANDLED, reason=reason)


def event_of(body: bytes) -> Event:
    """Return the event or command in a message's body.

    Raises:
        Malformed: it is none.
    """
    return decoded(bytes(body), EVENT_CLASSES)


def event_class_of(event_type: object) -> type[Event] | None:
    """Return the model of a type of events or commands."""
    return EVENT_CLASSES.get(event_type) if isinstance(event_type, str) else None
