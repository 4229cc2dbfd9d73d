"""Resolvers of what operators need."""

from typing import Any, Final

from resolvers.binding import Resolver
from resolvers.caller import Info, caller
from resolvers.connection import Connection, PageArguments, connection
from tidings.operations import backlogs, failed_messages, queries, redrive
from tidings.operations.health import ServiceHealthReport, check_services
from tidings.operations.schemas import (
    DiscardFailedMessages,
    DiscardReport,
    FailedMessageFilter,
    QueueStats,
    RedriveFailedMessages,
    RedriveReport,
)


def get_failed_messages(
    _: Any,
    info: Info,
    first: int,
    after: str | None = None,
    filter: dict[str, Any] | None = None,
) -> Connection:
    page = queries.get_failed_messages(
        PageArguments.model_validate({"first": first, "after": after}),
        caller=caller(info),
        wanted=FailedMessageFilter.model_validate(filter or {}),
    )
    return connection(page)


def redrive_failed_messages(_: Any, info: Info, input: dict[str, Any]) -> RedriveReport:
    wanted = RedriveFailedMessages.model_validate(input)
    return redrive.redrive_failed_messages(wanted, caller=caller(info))


def discard_failed_messages(_: Any, info: Info, input: dict[str, Any]) -> DiscardReport:
    wanted = DiscardFailedMessages.model_validate(input)
    return failed_messages.discard_failed_messages(wanted, caller=caller(info))


def get_queue_stats(_: Any, _info: Info) -> list[QueueStats]:
    return backlogs.get_queue_stats()


def get_service_health(_: Any, _info: Info) -> ServiceHealthReport:
    return ServiceHealthReport.of(check_services())


QUERIES: Final[dict[str, Resolver]] = {
    "getFailedMessages": get_failed_messages,
    "getQueueStats": get_queue_stats,
    "getServiceHealth": get_service_health,
}
MUTATIONS: Final[dict[str, Resolver]] = {
    "redriveFailedMessages": redrive_failed_messages,
    "discardFailedMessages": discard_failed_messages,
}
