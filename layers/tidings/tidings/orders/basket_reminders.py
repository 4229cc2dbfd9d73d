"""Remind people, once, of a basket that they left."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo import UpdateOne

from tidings.orders.events import BasketLeft, BasketLeftData
from tidings.orders.models import Basket, Order
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.messaging.outbox import OutboxEntry
from tidings.platform.settings import settings
from tidings.platform.storage import database
from tidings.platform.storage.rows import rows
from tidings.platform.timing.clock import first_id
from tidings.products.queries import get_products_on_sale

BASKETS_PER_ROUND: Final = 200
REMINDING_SECONDS: Final = 240.0
# The message names so many products.
TITLES: Final = 3


def remind_of_baskets(scheduled_at: datetime, *, seconds: float = REMINDING_SECONDS) -> int:
    """Publish an event for each basket that was left, for at most `seconds`.

    Each state of a basket gets one event at most: the write that stores the event removes the
    mark by which baskets are found, and the event's id contains the state. A basket whose owner has
    placed an order since, and one without any product on sale, only loses its mark.

    Returns:
        The number of baskets that got an event now.
    """
    left_before = scheduled_at - timedelta(hours=settings().basket_reminder_hours)
    deadline, announced = time.monotonic() + seconds, 0
    while time.monotonic() < deadline and (found := _left(left_before)):
        announced += _announce(found)
    logger.info("events of left baskets stored", baskets=announced)
    return announced


def _left(before: datetime) -> list[Any]:
    found = Basket.objects(untouched_since__lte=before).order_by("untouched_since")
    return list(rows(found.limit(BASKETS_PER_ROUND)))


def _announce(baskets: Sequence[Any]) -> int:
    ordered = _ordered_since(baskets)
    products = get_products_on_sale(list({each for one in baskets for each in one.lines}))
    titles = {
        each.id: [products[product].title for product in each.lines if product in products]
        for each in baskets
        if each.id not in ordered
    }
    events = {
        each.id: OutboxEntry.of(_basket_left(each, named))
        for each in baskets
        if (named := titles.get(each.id))
    }
    updates = [_update(each, events.get(each.id)) for each in baskets]
    with database.writing_many(len(updates)):
        changed = Basket._get_collection().bulk_write(updates, ordered=False).modified_count
    # If some were changed meanwhile, it is not known which: the relay publishes the events.
    if changed == len(baskets):
        for basket_id, entry in events.items():
            outbox.note(outbox.Stored(Basket, basket_id, [entry]))
    return len(events)


def _update(basket: Any, entry: OutboxEntry | None) -> UpdateOne:
    change: dict[str, Any] = {"$unset": {"untouched_since": 1}}
    if entry is not None:
        change["$push"] = {"outbox": entry.to_mongo()}
    unchanged = {"state": basket.state, "untouched_since": basket.untouched_since}
    return UpdateOne({"_id": basket.id, **unchanged}, change)


def _ordered_since(baskets: Sequence[Any]) -> set[str]:
    """Return those people who placed an order after they left their basket."""
    since = {each.id: each.untouched_since for each in baskets}
    found = Order._get_collection().find(
        {"customer_id": {"$in": list(since)}, "_id": {"$gte": first_id(min(since.values()))}},
        ["customer_id", "created_at"],
    )
    return {
        each["customer_id"] for each in found if each["created_at"] >= since[each["customer_id"]]
    }


def _basket_left(basket: Any, titles: list[str]) -> BasketLeft:
    data = BasketLeftData(
        customer_id=basket.id,
        basket_state=basket.state,
        titles=titles[:TITLES],
        products=len(titles),
    )
    return BasketLeft(id=f"basket.left:{basket.state}", subject=basket.id, data=data)
