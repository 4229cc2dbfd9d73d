"""Who waits for a product that is out of stock.

These functions check no rights: they are for this domain's operations and for consumers of others.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from pymongo import DeleteOne

from tidings.platform.logging import logger
from tidings.platform.retention import stored as retention
from tidings.platform.storage import database
from tidings.products.fields import ProductState
from tidings.products.models import Product, StockSubscription
from tidings.users import guests

KEPT_FOR: Final = retention.STOCK_SUBSCRIPTIONS.period


class Waiting(NamedTuple):
    """Some of those who wait for a product; `last_id` is None if there are no more.

    `since` has the time of each subscription, by user.
    """

    since: Mapping[str, datetime]
    last_id: str | None

    @property
    def user_ids(self) -> list[str]:
        return list(self.since)


def store(product_id: str, user_id: str, at: datetime) -> bool:
    """Subscribe a person, or a guest; return whether that is new. A repetition keeps it longer."""
    content = {"product_id": product_id, "user_id": user_id, "created_at": at}
    written = StockSubscription._get_collection().update_one(
        {"_id": id_of(product_id, user_id)},
        {"$setOnInsert": content, "$set": {"expires_at": at + KEPT_FOR}},
        upsert=True,
    )
    return written.upserted_id is not None


def remove(product_id: str, user_id: str) -> None:
    """End a subscription, if there is one."""
    StockSubscription.objects(pk=id_of(product_id, user_id)).delete()


def waiting_for(product_id: str, after: str | None, limit: int) -> Waiting:
    """Return those who wait for a product, in order of their ids, starting after `after`."""
    where: dict[str, Any] = {"product_id": product_id}
    if after is not None:
        where["user_id"] = {"$gt": after}
    read = StockSubscription._get_collection().find(where).sort("user_id").limit(limit)
    found = [(each["user_id"], each["created_at"]) for each in read]
    return Waiting(dict(found), found[-1][0] if len(found) == limit else None)


def is_in_stock(product_id: str) -> bool:
    """Say whether a product is on sale and has pieces, as it is now."""
    where = {"_id": product_id, "state": ProductState.ACTIVE.value, "stock": {"$gt": 0}}
    return Product._get_collection().find_one(where, ["_id"]) is not None


def end(product_id: str, told: Mapping[str, datetime], at: datetime) -> None:
    """End the subscriptions of people who were told. Safe to repeat.

    Args:
        told: the latest time of a subscription to end, by user. A later one is another one.
    """
    if not told:
        return
    writes = [
        DeleteOne({"_id": id_of(product_id, user_id), "created_at": {"$lte": until}})
        for user_id, until in told.items()
    ]
    with database.writing_many(len(writes)):
        StockSubscription._get_collection().bulk_write(writes, ordered=False)
    _let_guests_go(list(told), at)


def forget(user_id: str) -> None:
    """End all subscriptions of a person, or of a guest."""
    ended = StockSubscription.objects(user_id=user_id).delete()
    logger.info("stock subscriptions deleted", user_id=user_id, subscriptions=ended)


def id_of(product_id: str, user_id: str) -> str:
    return f"{product_id}:{user_id}"


def _let_guests_go(user_ids: Sequence[str], at: datetime) -> None:
    """Let guests expire soon who wait for nothing more.

    A guest who confirms at the same time has its subscription before it is kept longer, so one of
    both writes sees the other one.
    """
    done = set(user_ids) - _still_waiting(user_ids)
    guests.end_soon(done, at)
    guests.keep(_still_waiting(list(done)), at + KEPT_FOR)


def _still_waiting(user_ids: Sequence[str]) -> set[str]:
    found = StockSubscription._get_collection().distinct(
        "user_id", {"user_id": {"$in": list(user_ids)}}
    )
    return set(found)
