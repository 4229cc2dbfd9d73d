"""Typed input and output of what operators do with failed messages."""

from datetime import datetime
from typing import Annotated, Any, Final, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    model_validator,
)

from tidings.operations.errors import ChangesForOne, MessagesNotNamed
from tidings.operations.models import FailedState
from tidings.platform.forecast import Forecast, Outcome
from tidings.platform.pagination import PageRequest
from tidings.platform.times import Time

MAX_IDS: Final = 1_000
# More than that of a filter is left for the next call.
MAX_REDRIVEN_AT_ONCE: Final = 10_000
MAX_RATE: Final = 1_000
DEFAULT_RATE: Final = 50
# So many of a dry run are told one by one; the counts are of all.
FORECASTS_TOLD: Final = 100

MessageKey = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{24}$")]
# No control characters: MongoDB takes no NUL in a pattern.
Line = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
]
Reason = Annotated[
    str,
    StringConstraints(
        # The schema says as well as the check that blanks around it do not count.
        strip_whitespace=True,
        max_length=500,
        pattern=r"^\s*[^\x00-\x20\x7f][^\x00-\x1f\x7f]+[^\x00-\x20\x7f]\s*$",
    ),
]


class FailedMessageFilter(BaseModel):
    """Which failed messages; all that is named must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    queue: Line | None = Field(None, description="the queue where it failed")
    type: Line | None = Field(None, description="the type of the event or command")
    error: Line | None = Field(None, description="a part of the last error")
    state: FailedState | None = None
    correlation_id: Line | None = None
    message_id: Line | None = Field(None, description="the id of the event or command")
    failed_from: Time | None = None
    failed_before: Time | None = None


class GetFailedMessages(PageRequest, FailedMessageFilter):
    """A page of failed messages."""


class FailedAttemptView(BaseModel):
    function: str
    error: str
    at: str


class OperatorActView(BaseModel):
    act: str
    by: str
    at: datetime
    reason: str | None


class FailedMessageView(BaseModel):
    """A failed message; what may be personal is masked in payload and errors."""

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


class RedriveFailedMessages(BaseModel):
    """Which messages go back to their queues, and how fast."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ids: Annotated[tuple[MessageKey, ...], Field(min_length=1, max_length=MAX_IDS)] | None = None
    filter: FailedMessageFilter | None = Field(
        None, description="all that match; an empty one stands for everything"
    )
    rate: int = Field(
        DEFAULT_RATE, ge=1, le=MAX_RATE, strict=True, description="messages per second"
    )
    dry_run: StrictBool = Field(False, description="only say what would become of them")
    changes: Annotated[str, StringConstraints(min_length=2, max_length=100_000)] | None = Field(
        None, description="a JSON merge patch (RFC 7396) for the payload of one message"
    )
    reason: Reason | None = None

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if (self.ids is None) == (self.filter is None):
            raise MessagesNotNamed
        if self.changes is not None and len(self.ids or ()) != 1:
            raise ChangesForOne
        return self


class DiscardReason(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: Reason = Field(description="why nobody needs this message any more")


class DiscardFailedMessages(DiscardReason):
    """Which messages nobody needs any more."""

    ids: Annotated[tuple[MessageKey, ...], Field(min_length=1, max_length=MAX_IDS)]


class MessageForecast(BaseModel):
    """What would become of one message."""

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


class OutcomeCount(BaseModel):
    outcome: Outcome
    messages: int


class RedriveReport(BaseModel):
    """What a redrive did, or would do."""

    dry_run: bool
    matched: int = Field(description="failed messages that were meant")
    accepted: int = Field(description="of these, how many go back to their queues")
    sent: int = Field(description="of these, how many are there already; the others follow")
    not_failed: list[str] = Field(description="ids that are unknown, or not waiting here")
    outcomes: list[OutcomeCount] = Field(description="of a dry run")
    forecasts: list[MessageForecast] = Field(description="of a dry run: the first hundred")


class DiscardReport(BaseModel):
    discarded: int
    not_failed: list[str] = Field(description="ids that are unknown, or not waiting here")


class QueueStats(BaseModel):
    """A queue as operators see it."""

    name: str
    messages: int
    consumers: int
    # Handled by its consumer, on average of the last five minutes; None where unknown.
    handled_per_minute: float | None
    # How long ago that happened of which the last message told.
    lag_seconds: float | None
