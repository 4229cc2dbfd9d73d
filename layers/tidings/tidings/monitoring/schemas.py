"""Input and output models of operations on failed messages."""

from datetime import datetime
from typing import Annotated, Any, Final, Self

from pydantic import (
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    model_validator,
)

from tidings.monitoring.errors import ChangesForOne, MessagesNotNamed
from tidings.monitoring.models import FailedState
from tidings.platform.inputs.ids import DocumentId
from tidings.platform.messaging.forecast import Forecast, Outcome
from tidings.platform.schema import Schema
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.text.visible_text import VisibleLine
from tidings.platform.timing.times import Time

MAX_IDS: Final = 1_000
# A filter's messages beyond this number are left for the next call.
MAX_REDRIVEN_AT_ONCE: Final = 10_000
MAX_RATE: Final = 1_000
# More than that made MongoDB run into timeouts on a laptop. An operator may ask for more on AWS.
DEFAULT_RATE: Final = 10
# A dry run lists this many forecasts; its counts include all messages.
FORECASTS_TOLD: Final = 100

# MongoDB accepts no NUL in a pattern.
Line = Annotated[str, VisibleLine(max_length=200)]
Reason = Annotated[str, VisibleLine(max_length=500, min_length=3)]


class FailedMessageFilter(Schema):
    """A filter for failed messages; all conditions must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: DocumentId | None = Field(None, description="the failed message itself")
    queue: Line | None = Field(None, description="the queue where it failed")
    type: Line | None = Field(None, description="the type of the event or command")
    error: Line | None = Field(
        None, description="a part of the last error; searches the latest 5,000 of the others"
    )
    state: FailedState | None = None
    correlation_id: Line | None = None
    message_id: Line | None = Field(None, description="the id of the event or command")
    failed_from: Time | None = None
    failed_before: Time | None = None


class GetFailedMessages(PageRequest, FailedMessageFilter):
    """A filter for failed messages, and the requested part of the list."""


class FailedAttemptView(Schema):
    function: str
    error: str
    at: str


class OperatorActView(Schema):
    act: str
    by: str
    at: datetime
    reason: str | None


class FailedMessageView(Schema):
    """A failed message; payload and errors are masked where they may be personal."""

    id: str
    message_id: str | None
    queue: str
    type: str | None
    function: str
    error: str
    state: FailedState
    correlation_id: str | None
    failed_at: datetime
    redrive_at: datetime | None
    history: list[FailedAttemptView]
    acts: list[OperatorActView]
    payload: str


class RedriveFailedMessages(Schema):
    """The messages to redrive, and the rate."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ids: Annotated[tuple[DocumentId, ...], Field(min_length=1, max_length=MAX_IDS)] | None = None
    filter: FailedMessageFilter | None = Field(
        None, description="all matching messages; an empty filter matches every message"
    )
    rate: int = Field(
        DEFAULT_RATE, ge=1, le=MAX_RATE, strict=True, description="messages per second"
    )
    dry_run: StrictBool = Field(False, description="only forecast the result")
    changes: Annotated[str, StringConstraints(min_length=2, max_length=100_000)] | None = Field(
        None,
        description="a JSON merge patch (RFC 7396) for the data of one message; which fields may "
        "be changed depends on its type (docs/operations.md)",
    )
    reason: Reason | None = None

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if (self.ids is None) == (self.filter is None):
            raise MessagesNotNamed
        if self.changes is not None and len(self.ids or ()) != 1:
            raise ChangesForOne
        return self


class DiscardReason(Schema):
    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: Reason = Field(description="why the message is no longer needed")


class DiscardFailedMessages(DiscardReason):
    """The messages to discard."""

    ids: Annotated[tuple[DocumentId, ...], Field(min_length=1, max_length=MAX_IDS)]


class MessageForecast(Schema):
    """The forecast of one message."""

    id: str
    queue: str
    type: str | None
    outcome: Outcome
    reason: str

    @classmethod
    def of(cls, message: Any, forecast: Forecast) -> Self:
        return cls(
            id=message.id,
            queue=message.queue,
            type=message.type,
            outcome=forecast.outcome,
            reason=forecast.reason,
        )


class OutcomeCount(Schema):
    outcome: Outcome
    messages: int


class RedriveReport(Schema):
    """The result or the forecast of a redrive."""

    dry_run: bool
    matched: int = Field(description="number of selected failed messages")
    accepted: int = Field(description="number of these that are redriven")
    sent: int = Field(
        description="number of these that are published already; the rule redrive does the rest"
    )
    not_failed: list[str] = Field(
        description="ids that are unknown, not waiting, or whose one-time code is void"
    )
    rendered: int = Field(
        description="of a dry run: the number of the first messages that were rendered, if their "
        "consumer does that; whether the others can be rendered is not known"
    )
    outcomes: list[OutcomeCount] = Field(description="of a dry run")
    forecasts: list[MessageForecast] = Field(description="of a dry run: the first hundred")


class DiscardReport(Schema):
    discarded: int
    not_failed: list[str] = Field(description="ids that are unknown or not waiting")
