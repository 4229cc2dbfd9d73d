"""What can be done: note what people do, learn from what happened, forget a person."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from tidings.orders.events import (
    OrderCancelled,
    OrderConfirmed,
    OrderRejected,
    OrderStatusChanged,
)
from tidings.platform.auth import Principal, require_self
from tidings.platform.clock import new_id, now
from tidings.platform.gathering import Batch
from tidings.platform.logging import logger
from tidings.products.queries import get_products_by_id
from tidings.recommendations import shelf
from tidings.recommendations.activity import (
    VIEWS,
    note_purchase,
    order_key,
    store_gathered_views,
    store_views,
)
from tidings.recommendations.counting import count, uncount
from tidings.recommendations.errors import TimeOutOfRange, UnknownProduct
from tidings.recommendations.events import ActivityBrowsed, ActivityPurchased
from tidings.recommendations.lists import compute_list
from tidings.recommendations.models import (
    BROWSING_LASTS,
    Activity,
    ActivityItem,
    ActivityKind,
    Taste,
)
from tidings.recommendations.queries import activity_view
from tidings.recommendations.schemas import ActivityView, BrowseReceipt, LogBrowse, LogPurchase
from tidings.users.events import UserDeleted
from tidings.users.queries import deleted_user_ids

Learned = (
    ActivityPurchased
    | ActivityBrowsed
    | OrderConfirmed
    | OrderRejected
    | OrderCancelled
    | OrderStatusChanged
    | UserDeleted
)

# What clocks of other machines may be ahead.
CLOCKS_DIFFER: Final = timedelta(minutes=5)
RETURNED: Final = "returned"
OLDEST_PURCHASE: Final = timedelta(days=5 * 365)


def log_purchase(
    user_id: str, bought: LogPurchase, *, caller: Principal, at: datetime | None = None
) -> ActivityView:
    """Note what a person bought; an order that was noted before is returned as it is.

    Raises:
        Forbidden: it is somebody else, and the caller is no operator.
        TimeOutOfRange: it was bought in the future, or more than five years ago.
        UnknownProduct: one of the products is not on sale.
    """
    require_self(caller, user_id)
    noted_at = at or now()
    bought_at = bought.purchased_at or noted_at
    if not noted_at - OLDEST_PURCHASE <= bought_at <= noted_at + CLOCKS_DIFFER:
        raise TimeOutOfRange("purchased_at")
    pieces = dict.fromkeys((each.product_id for each in bought.items), 0)
    for each in bought.items:
        pieces[each.product_id] += each.quantity
    known = get_products_by_id(pieces)
    if unknown := [each for each in pieces if each not in known]:
        raise UnknownProduct(unknown[0])
    items = _items(list(pieces.items()), bought_at)
    return activity_view(note_purchase(user_id, bought.order_id, items, bought_at))


def log_browse(
    user_id: str, looked: LogBrowse, *, caller: Principal, at: datetime | None = None
) -> BrowseReceipt:
    """Note what a person looked at. It is gathered, and stored within a minute or so.

    Looks from before `BROWSING_LASTS` are left out, as are products that are not on sale.

    Raises:
        Forbidden: it is somebody else, and the caller is no operator.
        TimeOutOfRange: it was in the future.
    """
    require_self(caller, user_id)
    noted_at = at or now()
    notes = {}
    for view in sorted(looked.views, key=lambda each: each.viewed_at or noted_at):
        viewed_at = view.viewed_at or noted_at
        if viewed_at > noted_at + CLOCKS_DIFFER:
            raise TimeOutOfRange("views")
        if viewed_at > noted_at - BROWSING_LASTS:
            notes[view.product_id] = viewed_at.astimezone(UTC).isoformat(timespec="milliseconds")
    is_due = VIEWS.note(user_id, notes, noted_at) if notes else False
    if is_due is None:  # Redis is away: each call is a write
        store_views(user_id, Batch(new_id(), notes), noted_at)
    elif is_due:
        store_gathered_views(user_id, noted_at)
    return BrowseReceipt(accepted=len(notes))


def learn(event: Learned) -> None:
    """Take in what happened, once, however often and in whatever order it is told.

    Of somebody whose account was deleted nothing is taken in, however late it is told.
    """
    user_id = _person_of(event)
    if deleted_user_ids([user_id]):
        # All of it: what was stored at the moment of the deletion is announced after it.
        forget(user_id)
        return
    match event:
        case ActivityPurchased() | ActivityBrowsed():
            if count(event.data.activity_id):
                compute_list(user_id)
        case OrderConfirmed():
            _note_order(event)
        case OrderRejected() | OrderCancelled():
            _undo(user_id, event.data.order_id)
        case OrderStatusChanged():
            if event.data.state == RETURNED:
                _undo(user_id, event.data.order_id)
        case UserDeleted():
            forget(user_id)


def forget(user_id: str) -> None:
    """Erase all that is known of a person. Sums of many people, without names, stay.

    Raises:
        redis.RedisError: Redis is away; to be called again.
    """
    VIEWS.forget(user_id)
    Activity.objects(user_id=user_id).delete()
    Taste.objects(pk=user_id).delete()
    shelf.forget([user_id])
    logger.info("taste forgotten", user_id=user_id)


def _person_of(event: Learned) -> str:
    match event:
        case ActivityPurchased() | ActivityBrowsed() | UserDeleted():
            return event.data.user_id
        case _:
            return event.data.customer_id


def _note_order(event: OrderConfirmed) -> None:
    data = event.data
    if not data.lines:
        logger.info("order says nothing of its lines", order_id=data.order_id)
        return
    lines = [(each.product_id, each.quantity) for each in data.lines]
    note_purchase(data.customer_id, data.order_id, _items(lines, event.time), event.time)


def _undo(user_id: str, order_id: str) -> None:
    """Make an order's purchase void, or hold its place if it is told later."""
    key = order_key(user_id, order_id)
    place = Activity(
        key=key,
        user_id=user_id,
        kind=ActivityKind.PURCHASED.value,
        order_id=order_id,
        void=True,
        # Events do not come later than that.
        expires_at=now() + BROWSING_LASTS,
    )
    created = Activity._get_collection().update_one(
        {"key": key}, {"$setOnInsert": place.to_mongo()}, upsert=True
    )
    if created.upserted_id is None:
        uncount(key)
        compute_list(user_id)


def _items(pieces: Sequence[tuple[str, int]], at: datetime) -> list[ActivityItem]:
    return [ActivityItem(product_id=each, quantity=many, at=at) for each, many in pieces]
