"""Queries of failed messages."""

from collections.abc import Iterator
from typing import Any, Final

from tidings.monitoring.models import FailedMessage
from tidings.monitoring.schemas import (
    FailedAttemptView,
    FailedMessageFilter,
    FailedMessageView,
    OperatorActView,
)
from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role, require
from tidings.platform.storage.pagination import Page, PageRequest, paginate
from tidings.platform.storage.rows import rows
from tidings.platform.storage.sorting import SortOrder
from tidings.platform.text.masking import masked_payload, masked_text

LATEST_FIRST: Final = SortOrder("failed_at", descending=True)
SEARCHED: Final = 5_000


@operation(role=Role.OPERATOR, writes=False)
def get_failed_messages(
    page: PageRequest, *, caller: Principal, wanted: FailedMessageFilter | None = None
) -> Page[FailedMessageView]:
    """Return a page of failed messages, latest failure first.

    Raises:
        UnknownCursor: the cursor is not valid for this list.
    """
    require(caller, Role.OPERATOR)
    found = messages_of(wanted) if wanted else FailedMessage.objects
    return paginate(found, page, LATEST_FIRST).map(view_of)


def messages_of(wanted: FailedMessageFilter, **more: Any) -> Any:
    """Return the query for the messages of a filter, and of further conditions.

    No index finds a part of an error, so of the messages that all other conditions name only the
    latest `SEARCHED` are searched for it.
    """
    found = FailedMessage.objects(**dict(_conditions(wanted)) | more)
    if wanted.error is None:
        return found
    latest = found.only("failed_at").order_by(*LATEST_FIRST.keys())
    oldest_searched = next(rows(latest.skip(SEARCHED - 1).limit(1)), None)
    if oldest_searched is not None:
        found = found.filter(failed_at__gte=oldest_searched.failed_at)
    return found.filter(error__icontains=wanted.error)


def _conditions(wanted: FailedMessageFilter) -> Iterator[tuple[str, Any]]:
    for name in ("id", "queue", "type", "correlation_id", "message_id"):
        if (value := getattr(wanted, name)) is not None:
            yield name, value
    if wanted.state is not None:
        yield "state", wanted.state.value
    if wanted.failed_from is not None:
        yield "failed_at__gte", wanted.failed_from
    if wanted.failed_before is not None:
        yield "failed_at__lt", wanted.failed_before


def view_of(message: FailedMessage) -> FailedMessageView:
    return FailedMessageView(
        id=message.id,
        message_id=message.message_id,
        queue=message.queue,
        type=message.type,
        function=message.function,
        error=masked_text(message.error),
        state=message.state,
        correlation_id=message.correlation_id,
        failed_at=message.failed_at,
        redrive_at=message.redrive_at,
        history=[
            FailedAttemptView(function=each.function, error=masked_text(each.error), at=each.at)
            for each in message.history
        ],
        acts=[
            OperatorActView(act=each.act, by=each.by, at=each.at, reason=each.reason)
            for each in message.acts
        ],
        payload=masked_payload(message.body),
    )
