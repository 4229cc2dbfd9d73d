"""People's lists as they are read most, kept in Redis: ids and reasons, nothing that ages.

What a product is, and whether there is any of it, is asked of the products each time.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict

from tidings.platform.cache import ReadThrough
from tidings.recommendations.scoring import ReasonCode

LIST_SECONDS: Final = 3600
POPULAR_SECONDS: Final = 600
POPULAR: Final = "all"


class Kept(BaseModel):
    """A product of a list, and why it is there."""

    model_config = ConfigDict(from_attributes=True)

    product_id: str
    score: float
    code: ReasonCode
    because_id: str | None
    because_title: str | None
    category: str | None


class KeptList(BaseModel):
    """A list; an empty one without a time for who has none, so that it is not read again."""

    items: list[Kept] = []
    computed_at: datetime | None = None


LISTS: Final = ReadThrough("recommendations", KeptList, ttl_seconds=LIST_SECONDS)
POPULAR_LIST: Final = ReadThrough("popular", KeptList, ttl_seconds=POPULAR_SECONDS)


def list_of(user_id: str, load: Callable[[], KeptList]) -> KeptList:
    """Return a person's list."""
    return LISTS.get(user_id, load) or KeptList()


def popular_list(load: Callable[[], KeptList]) -> KeptList:
    """Return what is popular with everybody."""
    return POPULAR_LIST.get(POPULAR, load) or KeptList()


def forget(user_ids: Iterable[str]) -> None:
    """Drop lists that changed."""
    LISTS.forget(user_ids)
