"""Pages of a list in another order than the newest first, by number or by cursor."""

import base64
import binascii
from dataclasses import dataclass
from typing import Annotated, Any, Final

from mongoengine import Q
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from tidings.platform.pagination import Page, PageRequest, UnknownCursor

MAX_VALUE: Final = 2**63 - 1


@dataclass(frozen=True)
class SortOrder:
    """By one field that every document has; the newer comes first where it is equal."""

    field: str
    descending: bool = False


NEWEST_FIRST: Final = SortOrder("pk", descending=True)


class _Cursor(BaseModel):
    """The place of one document in a list; its id alone where that is the order."""

    model_config = ConfigDict(extra="forbid")

    order: str
    value: (
        Annotated[int, Field(ge=-MAX_VALUE, le=MAX_VALUE, strict=True)]
        | Annotated[AwareDatetime, Field(strict=True)]
        | None
    ) = None
    id: str


def paginate_sorted(found: Any, request: PageRequest, order: SortOrder) -> Page[Any]:
    """Cut one page out of a query in this order.

    Raises:
        UnknownCursor: the cursor is not one that this order handed out.
    """
    window, skip = found, (request.page - 1) * request.limit
    if request.after is not None:
        window, skip = found.filter(_behind(_decode(request.after, order), order)), 0
    documents = list(window.order_by(*_keys(order)).skip(skip).limit(request.limit + 1))
    items = documents[: request.limit]
    return Page[Any].model_construct(
        items=items,
        cursors=[_encode(each, order) for each in items],
        total=found.count(),
        limit=request.limit,
        page=request.page,
        has_next=len(documents) > request.limit,
        has_previous=skip > 0 or request.after is not None,
    )


def _keys(order: SortOrder) -> list[str]:
    if order == NEWEST_FIRST:
        return ["-pk"]
    return [("-" if order.descending else "+") + order.field, "-pk"]


def _behind(cursor: _Cursor, order: SortOrder) -> Any:
    if order == NEWEST_FIRST:
        return Q(pk__lt=cursor.id)
    beyond = "lt" if order.descending else "gt"
    equal = Q(**{order.field: cursor.value}, pk__lt=cursor.id)
    return Q(**{f"{order.field}__{beyond}": cursor.value}) | equal


def _encode(document: Any, order: SortOrder) -> str:
    value = None if order == NEWEST_FIRST else getattr(document, order.field)
    cursor = _Cursor(order=order.field, value=value, id=document.pk)
    return base64.urlsafe_b64encode(cursor.model_dump_json().encode()).decode()


def _decode(text: str, order: SortOrder) -> _Cursor:
    try:
        raw = base64.b64decode(text.encode(), altchars=b"-_", validate=True)
        cursor = _Cursor.model_validate_json(raw)
    except (binascii.Error, UnicodeError, ValidationError):
        cursor = None
    if (
        cursor is None
        or cursor.order != order.field
        or (cursor.value is None) != (order == NEWEST_FIRST)
    ):
        raise UnknownCursor
    return cursor
