"""A Redis cache of people's lists: only ids and reasons, which do not age.

The products' data and stock are read from the products domain each time.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from pydantic import ConfigDict, Field

from tidings.platform.caching.cache import ReadThrough
from tidings.platform.retention import in_redis
from tidings.platform.schema import Schema
from tidings.recommendations.scoring import ReasonCode

LIST_SECONDS: Final = in_redis.LISTS.seconds
POPULAR_SECONDS: Final = in_redis.POPULAR.seconds
POPULAR: Final = "all"


class CachedItem(Schema):
    """A product in a cached list, and the reason."""

    model_config = ConfigDict(from_attributes=True)

    product_id: str
    score: float
    code: ReasonCode
    because_id: str | None
    because_title: str | None
    category: str | None


class CachedList(Schema):
    """A cached list; an empty one without a time marks a person without a list."""

    items: list[CachedItem] = Field(default_factory=list)
    computed_at: datetime | None = None


LISTS: Final = ReadThrough("recommendations", CachedList, ttl_seconds=LIST_SECONDS)
POPULAR_LIST: Final = ReadThrough("popular", CachedList, ttl_seconds=POPULAR_SECONDS)


def list_of(user_id: str, load: Callable[[], CachedList]) -> CachedList:
    """Return a person's list."""
    return LISTS.get(user_id, load) or CachedList()


def popular_list(load: Callable[[], CachedList]) -> CachedList:
    """Return the list of popular products."""
    return POPULAR_LIST.get(POPULAR, load) or CachedList()


def forget(user_ids: Iterable[str]) -> None:
    """Remove changed lists from the cache."""
    LISTS.forget(user_ids)
