"""Forecast the result of redriving a failed message."""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Final

import tidings
from tidings.campaigns.forecasting import forecast as forecast_campaign
from tidings.delivery.events import DeliverNotification
from tidings.delivery.forecasting import forecast as forecast_delivery
from tidings.monitoring.models import FailedMessage
from tidings.notifications.events import TellFollowers
from tidings.notifications.forecasting import forecast_event, forecast_followers
from tidings.platform.messaging.events import EVENT_CLASSES, Event, Malformed, decoded
from tidings.platform.messaging.forecast import Forecast, Forecaster, Outcome

# Message types whose domain makes a better forecast than "handled again", with the domain's
# function. Domains do not import this module.
FORECASTERS: Final[Mapping[str, Forecaster]] = {
    DeliverNotification.event_type(): forecast_delivery,
    TellFollowers.event_type(): forecast_followers,
}
# The same by queue: other consumers of an event render no message.
FORECASTERS_OF_QUEUES: Final[Mapping[str, Forecaster]] = {
    "notifications": forecast_event,
    "order_updates_queue": forecast_event,
    "campaigns.queue": forecast_campaign,
}

for _module in (f"tidings.{each.name}.events" for each in iter_modules(tidings.__path__)):
    if find_spec(_module):
        import_module(_module)  # registers its event types


def forecast_of(message: FailedMessage, *, renders: bool = True) -> Forecast:
    """Return the forecast of a message; nothing changes.

    Args:
        renders: whether the message of an event or command is rendered, to see whether it fails.
    """
    if message.code_void:
        return Forecast(outcome=Outcome.STALE, reason="Its one-time code is void.")
    try:
        event = event_of(message.body)
    except Malformed:
        return Forecast(outcome=Outcome.MALFORMED, reason="It would be refused again unchanged.")
    forecaster = FORECASTERS.get(event.type) or FORECASTERS_OF_QUEUES.get(message.queue)
    if forecaster and (forecast := forecaster(event, renders=renders)):
        return forecast
    reason = f"It would be handled again by {message.exchange or 'queue'} {message.queue}."
    return Forecast(outcome=Outcome.WOULD_BE_HANDLED, reason=reason)


def event_of(body: bytes) -> Event:
    """Return the event or command in a message's body.

    Raises:
        Malformed: the body is not a known event or command.
    """
    return decoded(bytes(body), EVENT_CLASSES)


def event_class_of(event_type: object) -> type[Event] | None:
    """Return the model of an event or command type."""
    return EVENT_CLASSES.get(event_type) if isinstance(event_type, str) else None
