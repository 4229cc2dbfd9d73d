"""Pages of a list: by cursor (GraphQL, Relay connections) or by page number (REST)."""

import base64
import binascii
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cache, cached_property
from typing import Any, Final, Generic, TypeVar

from pydantic import ConfigDict, Field

from tidings.platform.schema import Schema
from tidings.platform.storage.rows import rows, rows_of
from tidings.platform.storage.sorting import NEWEST_FIRST, SortOrder, UnknownCursor
from tidings.platform.storage.united import COUNTED_UP_TO as COUNTED_UP_TO
from tidings.platform.storage.united import Pipeline, count_each, united

MAX_PAGE_SIZE: Final = 100
DEFAULT_PAGE_SIZE: Final = 20
MAX_PAGE: Final = 1000

# URL-safe base64 (RFC 4648). To clients a cursor is opaque.
CURSOR_PATTERN: Final = r"^([A-Za-z0-9_-]{4})*([A-Za-z0-9_-]{2}==|[A-Za-z0-9_-]{3}=)?$"

Item = TypeVar("Item")
Output = TypeVar("Output")


class PageRequest(Schema):
    """The requested part of a list: the items after a cursor, or the n-th page."""

    model_config = ConfigDict(frozen=True)

    limit: int = Field(DEFAULT_PAGE_SIZE, ge=1, le=MAX_PAGE_SIZE)
    page: int = Field(1, ge=1, le=MAX_PAGE)
    after: str | None = Field(
        None, max_length=200, pattern=CURSOR_PATTERN, description="the cursor to go on from"
    )


@dataclass(frozen=True, kw_only=True)
class Page(Generic[Item]):
    """A part of a list. The whole list is counted when its `total` is first asked for.

    `count` may stop counting after `COUNTED_UP_TO` + 1.
    """

    items: list[Item]
    cursors: list[str]
    count: Callable[[], int]
    limit: int
    page: int
    has_next: bool
    has_previous: bool

    @cached_property
    def counted(self) -> int:
        """The number of counted items."""
        return self.count()

    @property
    def total(self) -> int:
        """The number of items in the whole list, at most `COUNTED_UP_TO`."""
        return min(self.counted, COUNTED_UP_TO)

    @property
    def total_is_at_least(self) -> bool:
        """Whether the list has more items than `total`."""
        return self.counted > COUNTED_UP_TO

    def map(self, convert: Callable[[Item], Output]) -> "Page[Output]":
        """Return the same page with converted items."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return Page[Output](**values | {"items": [convert(item) for item in self.items]})


def paginate(found: Any, request: PageRequest, order: SortOrder = NEWEST_FIRST) -> Page[Any]:
    """Return one page of a query, newest first; its items are rows of the documents.

    A list by cursor is stable while new documents are added.

    Args:
        found: the query.
        request: the requested part.
        order: another order.

    Raises:
        UnknownCursor: the cursor is malformed, or belongs to another order.
    """
    if request.after is not None:
        window, skip = found.filter(order.behind(_decode(request.after))), 0
    else:
        window, skip = found, (request.page - 1) * request.limit
    window = window.order_by(*order.keys()).skip(skip).limit(request.limit + 1)
    has_previous = skip > 0 or request.after is not None
    return _page(list(rows(window)), _counting(found), request, order, has_previous=has_previous)


def paginate_each(
    document_class: Any, owner_field: str, owners: Sequence[str], request: PageRequest
) -> dict[str, Page[Any]]:
    """Return a page of each owner's rows, newest first, in one round trip.

    It reads no more rows than it returns, and one for each owner. The first total that is asked for
    needs a second round trip, which counts for all owners.

    Raises:
        UnknownCursor: the cursor is malformed.
    """
    collection = document_class._get_collection()
    names = list(dict.fromkeys(owners))
    behind = {} if request.after is None else {"_id": {"$lt": _decode(request.after)}}
    wanted = [_newest({owner_field: owner} | behind, request.limit + 1) for owner in names]
    found: dict[str, list[Any]] = {owner: [] for owner in names}
    for each in rows_of(document_class, united(collection, wanted, each_at_most=request.limit + 1)):
        found[getattr(each, owner_field)].append(each)

    @cache
    def counts() -> dict[str, int]:
        return count_each(collection, {owner: {owner_field: owner} for owner in names})

    def count_of(owner: str) -> Callable[[], int]:
        return lambda: counts().get(owner, 0)

    return {
        owner: _page(
            rows, count_of(owner), request, NEWEST_FIRST, has_previous=request.after is not None
        )
        for owner, rows in found.items()
    }


def _newest(where: dict[str, Any], number: int) -> Pipeline:
    return [{"$match": where}, {"$sort": {"_id": -1}}, {"$limit": number}]


def paginate_texts(texts: Sequence[str], request: PageRequest) -> Page[str]:
    """Return one page of unique texts in ascending order.

    Raises:
        UnknownCursor: the cursor is malformed.
    """
    if request.after is not None:
        after = _decode(request.after)
        skip = bisect_right(texts, after)
    else:
        skip = (request.page - 1) * request.limit
    items = list(texts[skip : skip + request.limit])
    return Page[str](
        items=items,
        cursors=[_encode(each) for each in items],
        count=_known(len(texts)),
        limit=request.limit,
        page=request.page,
        has_next=skip + request.limit < len(texts),
        has_previous=skip > 0,
    )


def _page(
    found: list[Any],
    count: Callable[[], int],
    request: PageRequest,
    order: SortOrder,
    *,
    has_previous: bool,
) -> Page[Any]:
    """Return a page of the found documents, which may be one more than fit."""
    items = found[: request.limit]
    return Page[Any](
        items=items,
        cursors=[_encode(order.place_of(each)) for each in items],
        count=count,
        limit=request.limit,
        page=request.page,
        has_next=len(found) > request.limit,
        has_previous=has_previous,
    )


def _counting(found: Any) -> Callable[[], int]:
    """Return a function that counts a query's documents, up to one more than is told."""
    return lambda: int(found.limit(COUNTED_UP_TO + 1).count(with_limit_and_skip=True))


def _known(count: int) -> Callable[[], int]:
    return lambda: count


def _encode(place: str) -> str:
    return base64.urlsafe_b64encode(place.encode()).decode()


def _decode(cursor: str) -> str:
    try:
        return base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise UnknownCursor from None
