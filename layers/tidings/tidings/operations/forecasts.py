"""What would become of a failed message if its queue got it again."""

import json
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from pydantic import ValidationError

from tidings.notifications.events import DeliverNotification
from tidings.notifications.forecasting import forecast as forecast_delivery
from tidings.operations.models import FailedMessage
from tidings.platform.database import DOMAINS
from tidings.platform.events import EVENT_CLASSES, Event
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
        content: Any = json.loads(message.body)
        event_class = event_class_of(content["type"])
        assert event_class is not None
        event = event_class.model_validate(content)
    except (ValueError, TypeError, KeyError, RecursionError, AssertionError, ValidationError):
        return Forecast(outcome=Outcome.MALFORMED, reason="It would be refused again as it is.")
    forecaster = FORECASTERS.get(event.type)
    if forecaster is not None:
        return forecaster(event)
    reason = f"It would be handled again by {message.exchange or 'queue'} {message.queue}."
    return Forecast(outcome=Outcome.WOULD_BE_HANDLED, reason=reason)


def event_class_of(event_type: object) -> type[Event] | None:
    """Return the model of a type of events or commands."""
    return EVENT_CLASSES.get(event_type) if isinstance(event_type, str) else None
