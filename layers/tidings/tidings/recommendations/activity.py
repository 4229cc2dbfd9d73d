"""What a person did, noted once each: in one document with the event that announces it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from mongoengine import NotUniqueError

from tidings.platform import outbox
from tidings.platform.gathering import Batch, Gathering
from tidings.platform.logging import logger
from tidings.products.queries import get_products_by_id
from tidings.recommendations.events import (
    ActivityBrowsed,
    ActivityBrowsedData,
    ActivityPurchased,
    ActivityPurchasedData,
)
from tidings.recommendations.models import BROWSING_LASTS, Activity, ActivityItem, ActivityKind

# Of one person: stored when there are so many products, or the first look is so old.
VIEWS: Final = Gathering("views", most=50, seconds=60.0)
OWNERS_PER_ROUND: Final = 200
MAX_ROUNDS: Final = 25


def note_purchase(
    user_id: str, order_id: str | None, items: Sequence[ActivityItem], at: datetime
) -> Activity:
    """Store a purchase and announce it; one order of a person is one purchase.

    Returns:
        What was stored now, or what is there of this order.
    """
    activity = Activity(
        user_id=user_id,
        kind=ActivityKind.PURCHASED.value,
        order_id=order_id,
        items=list(items),
        at=at,
    )
    activity.key = order_key(user_id, order_id) if order_id else activity.id
    data = ActivityPurchasedData(
        activity_id=activity.id,
        user_id=user_id,
        order_id=order_id,
        product_ids=[each.product_id for each in items],
    )
    try:
        outbox.insert(activity, ActivityPurchased(subject=activity.id, data=data))
    except NotUniqueError:
        logger.info("purchase was noted before", user_id=user_id, order_id=order_id)
        known: Activity = Activity.objects.get(key=activity.key)
        return known
    logger.info("purchase noted", activity_id=activity.id)
    return activity


def order_key(user_id: str, order_id: str) -> str:
    """Return the key of an order's purchase. Nobody can take the place of somebody else's."""
    return f"order:{user_id}:{order_id}"


def store_gathered_views(user_id: str, at: datetime) -> bool:
    """Store what a person looked at since the last time; say whether there was something."""
    batch = VIEWS.take(user_id)
    if batch is None:
        return False
    store_views(user_id, batch, at)
    VIEWS.drop(user_id, batch.id, at)
    return True


def store_views(user_id: str, batch: Batch, at: datetime) -> None:
    """Store a batch of looks and announce it, once; products that are not on sale are left out."""
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
        logger.info("views were stored before", batch_id=batch.id)


def store_all_gathered_views(at: datetime) -> int:
    """Store what waits long enough; return of how many people. Nothing where Redis is away."""
    stored = 0
    for _ in range(MAX_ROUNDS):
        owners = VIEWS.due(at, OWNERS_PER_ROUND)
        for user_id in owners:
            stored += store_gathered_views(user_id, at)
            # Also where there was nothing, lest it be found again.
            VIEWS.drop(user_id, "", at)
        if len(owners) < OWNERS_PER_ROUND:
            break
    return stored
