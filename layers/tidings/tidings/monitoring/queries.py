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
from tidings.platform.storage.sorting import SortOrder
from tidings.platform.text.masking import masked_payload, masked_text

LATEST_FIRST: Final = SortOrder("failed_at", descending=True)


@operation(role=Role.OPERATOR, writes=False)
def get_failed_messages(
    page: PageRequest, *, caller: Principal, wanted: FailedMessageFilter | None = None
) -> Page[FailedMessageView]:
    """Return a page of failed messages, latest failure first.

    Raises:
        UnknownCursor: the cursor is not valid for this list.
    """
    require(caller, Role.OPERATOR)
    found = FailedMessage.objects(**conditions_of(wanted) if wanted else {})
    return paginate(found, page, LATEST_FIRST).map(view_of)


def conditions_of(wanted: FailedMessageFilter) -> dict[str, Any]:
    """Return a filter as conditions on the document's fields."""
    return dict(_conditions(wanted))


def _conditions(wanted: FailedMessageFilter) -> Iterator[tuple[str, Any]]:
    for name in ("id", "queue", "type", "correlation_id", "message_id"):
        if (value := getattr(wanted, name)) is not None:
            yield name, value
    if wanted.state is not None:
        yield "state", wanted.state.value
    if wanted.error is not None:
        yield "error__icontains", wanted.error
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
