"""How long queues, logs and measurements are kept."""

from datetime import timedelta
from typing import Final

from tidings.platform.retention.row import Means, Retention

HANDLED: Final = "it is handled"


def _queue(name: str, why: str) -> Retention:
    return Retention(name=f"queue: {name}", since=HANDLED, means=Means.ACT, why=why)


def _retry(seconds: int) -> Retention:
    return Retention(
        name=f"queue: retry.{seconds}s",
        lasts=timedelta(seconds=seconds),
        since="the failed attempt",
        means=Means.BROKER_TTL,
        why="the message then returns to its queue",
        left="the message, in its queue",
    )


_EVENTS: Final = "events wait until their consumer handled them; nothing is lost"
_SENDING: Final = "messages wait until they are sent; what is too old to be useful is not sent"

QUEUES: Final = (
    *(
        _queue(name, _EVENTS)
        for name in (
            "inventory",
            "orders",
            "vouchers",
            "notifications",
            "followers",
            "order_updates_queue",
            "order_statuses.queue",
            "campaigns.queue",
            "recommendations",
            "recommendations.refresh",
            "erasure",
        )
    ),
    *(
        _queue(name, _SENDING)
        for name in (
            "email.queue",
            "email.urgent.queue",
            "push.queue",
            "push.urgent.queue",
            "sms.queue",
            "webhook.queue",
            "callbacks.queue",
        )
    ),
    _queue("failed-messages", "moved to `operations.failed_messages` within seconds"),
    _queue("unreadable-messages", "an operator looks at what no function can read"),
    *map(_retry, (1, 5, 25, 120, 600)),
)
FAILED_JOBS: Final = Retention(
    name="SQS: failed-jobs",
    lasts=timedelta(days=14),
    since="the failure",
    means=Means.QUEUE_RETENTION,
    why="an operator repairs the cause and runs the job again",
)

# ------------------------------------------------------------------ logs
_LINES: Final = "questions about a request; ids of persons are hashes"

LOG_GROUPS: Final = tuple(
    Retention(
        name=f"log group: {name}",
        lasts=timedelta(days=90),
        since="the line",
        means=Means.LOG_GROUP,
        why=f"{why}; staging has 14 days and development 7 (infra/aws/*.txt)",
    )
    for name, why in (
        ("FunctionLogs", _LINES),
        ("ApiLogs", "the calls of the API, with their status and times"),
        ("Logs", "the server of the live inbox (infra/aws/live.yaml)"),
    )
)
LOCAL_LOGS: Final = Retention(
    name="laptop: logs of services and functions",
    since="its file and the former one have 20 MB each",
    means=Means.SIZE,
    why="a laptop's disk; LocalStack keeps its log groups in memory, until `make down`",
)

# ------------------------------------------------------------------ measurements
PROMETHEUS: Final = Retention(
    name="laptop: Prometheus",
    lasts=timedelta(days=7),
    since="the sample",
    means=Means.SERVER,
    why="metrics of a stack; labels are from the code only",
)
LOKI: Final = Retention(
    name="laptop: Loki",
    lasts=timedelta(days=7),
    since="the line",
    means=Means.SERVER,
    why="the logs of a stack, if Loki runs beside it",
)
CLOUDWATCH: Final = Retention(
    name="AWS: metrics of CloudWatch",
    lasts=timedelta(days=455),
    since="the sample",
    means=Means.SERVER,
    why="AWS's own period, which cannot be changed; no personal data",
)
XRAY: Final = Retention(
    name="AWS: traces of X-Ray",
    lasts=timedelta(days=30),
    since="the span",
    means=Means.SERVER,
    why="AWS's own period, which cannot be changed; no personal data",
)
