"""The overview's parts. A part is null if its service did not answer, or if it is not known yet."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from tidings.monitoring.health import ServiceHealthReport
from tidings.orders.states import OrderState
from tidings.platform.schema import Schema

UP_TO_A_LIMIT = "true if there are more: it is counted up to a limit"


class OrderCount(Schema):
    """The orders in one state."""

    state: OrderState
    orders: int
    is_more: bool = Field(description=UP_TO_A_LIMIT)


class FailedCount(Schema):
    """The failed messages that wait for an operator."""

    messages: int
    is_more: bool = Field(description=UP_TO_A_LIMIT)


class MessageRates(Schema):
    """Messages of all consumers in a second, by outcome."""

    handled: float
    retried: float
    dead: float


class QueueState(StrEnum):
    """The worst that is known of a queue in the latest minute or two."""

    NO_CONSUMER = "no_consumer"
    # Messages failed for the last time.
    FAILING = "failing"
    # Messages wait for minutes, and none is handled.
    STALLED = "stalled"
    RETRYING = "retrying"
    # The queue may be empty: the function holds the messages.
    SLOW = "slow"
    WAITING = "waiting"
    QUIET = "quiet"


class QueueStats(Schema):
    """A queue as operators see it."""

    name: str
    messages: int
    consumers: int
    state: QueueState
    # Messages handled per minute, averaged over five minutes; None if unknown.
    handled_per_minute: float | None
    # The age of the event in the last message, in seconds.
    lag_seconds: float | None


class QueueOverview(Schema):
    """A queue, now and in the last hour, and how its consumer handled messages lately."""

    name: str
    messages: int
    consumers: int
    state: QueueState = Field(description="`slow`: messages are handled ten seconds late or more")
    age_seconds: float | None = Field(description="estimated age of the oldest message")
    lag_seconds: float | None = Field(
        description="age of the last message when it was handled; null if none was lately"
    )
    handled_per_minute: float | None
    retried_per_minute: float | None
    dead_per_minute: float | None
    p50_ms: float | None = Field(description="half of the messages took less; null without any")
    p95_ms: float | None
    # Aligned with the times of `OverviewHistory`.
    messages_history: list[int | None]
    age_history: list[float | None]


class FunctionOverview(Schema):
    """The calls of a function in the last minutes: endpoints, the gateway and jobs."""

    function: str
    calls_per_minute: float
    refused_per_minute: float
    errors_per_minute: float
    p50_ms: float | None
    p95_ms: float | None


class OutboxOverview(Schema):
    """The documents with unpublished events, and the age of the oldest event."""

    documents: int
    age_seconds: float


class RunOutcome(StrEnum):
    OK = "ok"
    RUNNING = "running"
    # It raised an error or was killed; Lambda tries it twice more.
    FAILED = "failed"


class RunFigure(Schema):
    """A number in the summary of a run."""

    name: str
    number: int


class RunOverview(Schema):
    """A run of a rule's job."""

    scheduled_at: datetime
    started_at: datetime
    finished_at: datetime | None
    outcome: RunOutcome
    attempts: int
    summary: list[RunFigure]


class RuleOverview(Schema):
    """A scheduled rule, with the last and the next run of its job."""

    name: str
    function: str
    schedule: str
    is_enabled: bool = Field(
        description="as in template.yaml; a rule that is disabled elsewhere becomes late"
    )
    is_late: bool = Field(description="a run that was due is missing")
    last: RunOverview | None = Field(description="null if none is recorded")
    next_at: datetime | None = Field(
        description="null if disabled or late, or unknown without a last run"
    )


class OverviewHistory(Schema):
    """A sample each minute, oldest first: every list has one value for each of the times."""

    times: list[datetime]
    orders_per_minute: list[float]
    handled_per_second: list[float]
    retried_per_second: list[float]
    dead_per_second: list[float]
    outbox_documents: list[int]
    outbox_age_seconds: list[float]
    failed_messages: list[int]


class Overview(Schema):
    """What happens now, and in the last hour."""

    at: datetime
    health: ServiceHealthReport
    orders: list[OrderCount] | None
    orders_per_minute: float | None
    messages_per_second: MessageRates | None
    queues: list[QueueOverview] | None
    functions: list[FunctionOverview] | None = Field(description="most calls first")
    rates_seconds: float | None = Field(description="the time that rates of functions are over")
    outbox: OutboxOverview | None
    failed_messages: FailedCount | None
    failed_jobs: int | None = Field(description="runs of jobs that failed three times")
    rules: list[RuleOverview] | None
    history: OverviewHistory = Field(description="empty lists while there is no sample")
