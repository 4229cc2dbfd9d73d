"""Store a person's purchases and views once, each in one document with its event."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from mongoengine import NotUniqueError

from tidings.platform.caching.write_buffer import Batch, WriteBuffer
from tidings.platform.context import correlated
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.products.queries import get_products_by_id
from tidings.recommendations.events import (
    ActivityBrowsed,
    ActivityBrowsedData,
    ActivityPurchased,
    ActivityPurchasedData,
)
from tidings.recommendations.models import BROWSING_LASTS, Activity, ActivityItem, ActivityKind

# A person's views are stored when this many products are buffered, or when the first view is this
# old.
VIEWS: Final = WriteBuffer("views", most=50, seconds=60.0)
OWNERS_PER_ROUND: Final = 200
MAX_ROUNDS: Final = 25


def note_purchase(
    user_id: str, order_id: str | None, items: Sequence[ActivityItem], at: datetime
) -> Activity:
    """Store a purchase and its event; one order of a person is one purchase.

    Returns:
        The stored purchase, or the purchase that this order already has.
    """
    activity, event = purchase(user_id, order_id, items, at)
    try:
        outbox.insert(activity, event)
    except NotUniqueError:
        _log_purchase(activity, is_known=True)
        known: Activity = Activity.objects.get(key=activity.key)
        return known
    _log_purchase(activity, is_known=False)
    return activity


def note_purchases(purchases: Sequence[tuple[Activity, ActivityPurchased]]) -> None:
    """Store purchases with their events, in one round trip; those stored before do not change."""
    if not purchases:
        return
    known = {each.id for each in outbox.insert_many(Activity, purchases)}
    for activity, event in purchases:
        with correlated(event.correlationid, event.causationid):
            _log_purchase(activity, is_known=activity.id in known)


def purchase(
    user_id: str, order_id: str | None, items: Sequence[ActivityItem], at: datetime
) -> tuple[Activity, ActivityPurchased]:
    """Return a new purchase and its event; neither is stored."""
    activity = Activity(
        user_id=user_id,
        kind=ActivityKind.PURCHASED.value,
        order_id=order_id,
        items=list(items),
        at=at,
    )
    activity.key = activity.id if order_id is None else order_key(user_id, order_id)
    data = ActivityPurchasedData(
        activity_id=activity.id,
        user_id=user_id,
        order_id=order_id,
        product_ids=[each.product_id for each in items],
    )
    return activity, ActivityPurchased(subject=activity.id, data=data)


def _log_purchase(activity: Activity, *, is_known: bool) -> None:
    if is_known:
        about = {"user_id": activity.user_id, "order_id": activity.order_id}
        logger.info("purchase skipped: stored before", **about)
    else:
        logger.info("purchase stored", activity_id=activity.id)


def order_key(user_id: str, order_id: str) -> str:
    """Return the key of an order's purchase; it contains the user id, so users cannot collide."""
    return f"order:{user_id}:{order_id}"


def store_buffered_views(user_id: str, at: datetime) -> bool:
    """Store a person's buffered views; return whether there were any."""
    batch = VIEWS.take(user_id)
    if batch is None:
        return False
    store_views(user_id, batch, at)
    VIEWS.drop(user_id, batch.id, at)
    return True


def store_views(user_id: str, batch: Batch, at: datetime) -> None:
    """Store a batch of views with its event, once; products that are not on sale are left out."""
    known = get_products_by_id(batch.notes)
    items = [
        ActivityItem(product_id=each, quantity=1, at=datetime.fromisoformat(viewed_at))
        for each, viewed_at in sorted(batch.notes.items(), key=lambda note: note[1])
        if each in known
    ]
    if not items:
        return
    activity = Activity(
        key=f"views:{batch.id}",
        user_id=user_id,
        kind=ActivityKind.BROWSED.value,
        items=items,
        at=items[-1].at,
        expires_at=at + BROWSING_LASTS,
    )
    data = ActivityBrowsedData(
        activity_id=activity.id,
        user_id=user_id,
        product_ids=[each.product_id for each in items],
    )
    try:
        outbox.insert(activity, ActivityBrowsed(subject=activity.id, data=data))
    except NotUniqueError:
        logger.info("views skipped: stored before", batch_id=batch.id)


def store_all_buffered_views(at: datetime) -> int:
    """Store all due views; return the number of people. Does nothing if Redis is unavailable."""
    stored = 0
    for _ in range(MAX_ROUNDS):
        owners = VIEWS.due(at, OWNERS_PER_ROUND)
        for user_id in owners:
            stored += store_buffered_views(user_id, at)
            # Dropped even if there was nothing, so that the owner is not found again.
            VIEWS.drop(user_id, "", at)
        if len(owners) < OWNERS_PER_ROUND:
            break
    return stored
