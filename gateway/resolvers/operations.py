"""Resolvers of what operators need."""

from typing import Any, Final

from resolvers.binding import Resolver
from resolvers.caller import Info, caller
from resolvers.connection import Connection, PageArguments, connection
from tidings.operations import failed_messages, queries, redrive
from tidings.operations.schemas import (
    DiscardFailedMessages,
    DiscardReport,
    FailedMessageFilter,
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


QUERIES: Final[dict[str, Resolver]] = {
    "getFailedMessages": get_failed_messages,
}
MUTATIONS: Final[dict[str, Resolver]] = {
    "redriveFailedMessages": redrive_failed_messages,
    "discardFailedMessages": discard_failed_messages,
}
