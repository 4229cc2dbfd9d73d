"""Pages of a list: by cursor (GraphQL, Relay connections) or by number (REST)."""

import base64
import binascii
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from tidings.platform.errors import InvalidInput

MAX_PAGE_SIZE: Final = 100
DEFAULT_PAGE_SIZE: Final = 20
MAX_PAGE: Final = 1000
NEWEST_FIRST: Final = "-pk"

Item = TypeVar("Item")
Output = TypeVar("Output")


class PageRequest(BaseModel):
    """Which part of a list is wanted: what comes after a cursor, or the n-th page."""

    model_config = ConfigDict(frozen=True)

    limit: int = Field(DEFAULT_PAGE_SIZE, ge=1, le=MAX_PAGE_SIZE)
    page: int = Field(1, ge=1, le=MAX_PAGE)
    after: str | None = Field(None, max_length=200)


class Page(BaseModel, Generic[Item]):
    """A part of a list."""

    items: list[Item]
    cursors: list[str]
    total: int
    limit: int
    page: int
    has_next: bool
    has_previous: bool

    def map(self, convert: Callable[[Item], Output]) -> "Page[Output]":
        """Return the same page of converted items."""
        values = dict(self) | {"items": [convert(item) for item in self.items]}
        return Page[Any].model_construct(**values)


def paginate(found: Any, request: PageRequest, order: str = NEWEST_FIRST) -> Page[Any]:
    """Cut one page out of a query, newest first; ids are in order of time.

    A list by cursor stays stable while new documents come in.

    Args:
        found: the query.
        request: the part that is wanted.
        order: the one field to order by, descending with a minus before it. Its values are
            texts, each of them unique: a cursor is such a value.

    Raises:
        InvalidInput: the cursor is not one of ours, or one of another order.
    """
    total = found.count()
    if request.after is not None:
        window, skip = found.filter(**_beyond(request.after, order)), 0
    else:
        window, skip = found, (request.page - 1) * request.limit
    documents = list(window.order_by(order).skip(skip).limit(request.limit + 1))
    items = documents[: request.limit]
    return Page[Any].model_construct(
        items=items,
        cursors=[_cursor(each, order) for each in items],
        total=total,
        limit=request.limit,
        page=request.page,
        has_next=len(documents) > request.limit,
        has_previous=skip > 0 or request.after is not None,
    )


def _cursor(document: Any, order: str) -> str:
    """Return where a document stands. A cursor of another order than the usual one names it."""
    value: str = getattr(document, order.lstrip("-"))
    return _encode(value if order == NEWEST_FIRST else f"{order}|{value}")


def _beyond(cursor: str, order: str) -> dict[str, str]:
    """Return the condition for what comes after a cursor."""
    value = _decode(cursor)
    if order != NEWEST_FIRST:
        named, _, value = value.partition("|")
        if named != order:
            raise InvalidInput("This cursor belongs to another order.", field="after")
    comparison = "lt" if order.startswith("-") else "gt"
    return {f"{order.lstrip('-')}__{comparison}": value}


def _encode(document_id: str) -> str:
    return base64.urlsafe_b64encode(document_id.encode()).decode()


def _decode(cursor: str) -> str:
    try:
        return base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise InvalidInput("This cursor is not one that was handed out.", field="after") from None
