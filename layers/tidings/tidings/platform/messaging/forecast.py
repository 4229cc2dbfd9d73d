"""Forecast the result of redriving a message; each domain forecasts its own queues."""

from enum import StrEnum
from typing import Any, Protocol

from pydantic import ConfigDict

from tidings.platform.errors import TidingsError
from tidings.platform.messaging.history import told
from tidings.platform.schema import Schema


class Outcome(StrEnum):
    # No domain has a better answer: the queue's consumer would handle it again.
    WOULD_BE_HANDLED = "would_be_handled"
    WOULD_SEND = "would_send"
    # The news is too old to send.
    STALE = "stale"
    # Preferences, quiet hours or a suppressed address prevent it.
    SUPPRESSED = "suppressed"
    ALREADY_DELIVERED = "already_delivered"
    # Its consumer would refuse it again: it is not an event of a known type.
    MALFORMED = "malformed"
    # Its message cannot be rendered.
    WOULD_FAIL = "would_fail"


class Forecast(Schema):
    model_config = ConfigDict(frozen=True)

    outcome: Outcome
    reason: str


class Forecaster(Protocol):
    """Forecasts the result of handling an event; it must not change anything.

    With `renders` it also renders the message of the event, which costs some milliseconds. None
    means that it knows no obstacle.
    """

    def __call__(self, event: Any, /, *, renders: bool) -> Forecast | None: ...


def would_fail(error: TidingsError) -> Forecast:
    """Return the forecast of a message whose consumer would raise this error."""
    return Forecast(outcome=Outcome.WOULD_FAIL, reason=f"It would fail again: {told(error)}")
