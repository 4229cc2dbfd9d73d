"""What would become of a message if its queue got it again; each domain answers for its own."""

from enum import StrEnum
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict


class Outcome(StrEnum):
    # Nobody knows better: the queue's consumer would handle it again.
    WOULD_BE_HANDLED = "would_be_handled"
    WOULD_SEND = "would_send"
    # Too old to be told.
    STALE = "stale"
    # Preferences, quiet hours or a suppressed address speak against it.
    SUPPRESSED = "suppressed"
    ALREADY_DELIVERED = "already_delivered"
    # Its consumer would refuse it again: it is no event, or not of a known type.
    MALFORMED = "malformed"


class Forecast(BaseModel):
    model_config = ConfigDict(frozen=True)

    outcome: Outcome
    reason: str


class Forecaster(Protocol):
    """Says what would become of an event; it must not change anything."""

    def __call__(self, event: Any) -> Forecast: ...
