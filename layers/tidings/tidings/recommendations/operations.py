"""Operations: store people's activities, learn from events, erase a person."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from tidings.orders.events import (
    OrderCancelled,
    OrderConfirmed,
    OrderRejected,
    OrderStatusChanged,
)
from tidings.platform.caching.write_buffer import Batch
from tidings.platform.errors import Forbidden
from tidings.platform.logging import logger
from tidings.platform.messaging.events import handling
from tidings.platform.operation import Whose, operation
from tidings.platform.security.auth import Principal, Role, require_self
from tidings.platform.timing.clock import new_id, now
from tidings.products.queries import get_products_by_id
from tidings.recommendations import list_cache
from tidings.recommendations.activity import (
    VIEWS,
    note_purchase,
    note_purchases,
    order_key,
    purchase,
    store_buffered_views,
    store_views,
)
from tidings.recommendations.counting import count, count_together, uncount
from tidings.recommendations.errors import TimeOutOfRange, UnknownProduct
from tidings.recommendations.events import ActivityBrowsed, ActivityPurchased
from tidings.recommendations.lists import compute_list, compute_lists
from tidings.recommendations.models import (
    BROWSING_LASTS,
    Activity,
    ActivityItem,
    ActivityKind,
    CustomerProfile,
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

# Clocks of other machines may be ahead by this much.
CLOCKS_DIFFER: Final = timedelta(minutes=5)
RETURNED: Final = "returned"
OLDEST_PURCHASE: Final = timedelta(days=5 * 365)


@operation(
    role=Role.CUSTOMER,
    whose=Whose.OWN_OR_OPERATOR,
    refuses=(Forbidden, TimeOutOfRange, UnknownProduct),
)
def log_purchase(
    user_id: str, bought: LogPurchase, *, caller: Principal, at: datetime | None = None
) -> ActivityView:
    """Store a person's purchase; an order that was stored before is returned unchanged.

    Raises:
        Forbidden: the account belongs to another user, and the caller is not an operator.
        TimeOutOfRange: the time is in the future, or more than five years ago.
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


@operation(role=Role.CUSTOMER, whose=Whose.OWN_OR_OPERATOR, refuses=(Forbidden, TimeOutOfRange))
def log_browse(
    user_id: str, looked: LogBrowse, *, caller: Principal, at: datetime | None = None
) -> BrowseReceipt:
    """Buffer a person's views; they are stored within about a minute.

    Views older than `BROWSING_LASTS` are left out, and products that are not on sale, too.

    Raises:
        Forbidden: the account belongs to another user, and the caller is not an operator.
        TimeOutOfRange: a time is in the future.
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
    if is_due is None:  # Redis is unavailable, so each call writes to MongoDB
        store_views(user_id, Batch(new_id(), notes), noted_at)
    elif is_due:
        store_buffered_views(user_id, noted_at)
    return BrowseReceipt(accepted=len(notes))


def learn(event: Learned) -> None:
    """Apply an event once, however often and in whatever order events come.

    Events about a deleted account are ignored, however late they come.
    """
    user_id = _person_of(event)
    if deleted_user_ids([user_id]):
        # Everything is erased again: activities stored during the deletion are published after it.
        forget(user_id)
        return
    match event:
        case ActivityPurchased() | ActivityBrowsed():
            counted = count(event.data.activity_id)
            _log_count(event.data.activity_id, counted)
            if counted is not None:
                compute_list(user_id)
        case OrderConfirmed():
            _note_order(event)
        case OrderRejected() | OrderCancelled():
            _undo(user_id, event.data.order_id)
        case OrderStatusChanged():
            if event.data.state == RETURNED:
                _undo(user_id, event.data.order_id)
            else:
                _log_skipped(event)
        case UserDeleted():
            forget(user_id)


def learn_together(events: Sequence[Learned]) -> list[Learned]:
    """Apply many events with about the database commands of one.

    Returns:
        The events that it left to `learn`: those that undo a purchase, and those of deleted
        accounts.
    """
    deleted = deleted_user_ids({_person_of(each) for each in events})
    purchases, left = [], []
    activities: list[ActivityPurchased | ActivityBrowsed] = []
    for event in events:
        match event:
            case _ if _person_of(event) in deleted:
                left.append(event)
            case OrderConfirmed() if event.data.lines:
                with handling(event):
                    purchases.append(purchase(*_ordered(event)))
            case ActivityPurchased() | ActivityBrowsed():
                activities.append(event)
            case OrderStatusChanged() if event.data.state != RETURNED:
                with handling(event):
                    _log_skipped(event)
            case _:
                left.append(event)
    note_purchases(purchases)
    counted = count_together([each.data.activity_id for each in activities])
    compute_lists({each.data.user_id for each in activities if each.data.activity_id in counted})
    for each in activities:
        with handling(each):
            _log_count(each.data.activity_id, counted.get(each.data.activity_id))
    return left


def forget(user_id: str) -> None:
    """Erase all data about a person. Anonymous sums over many people stay.

    Raises:
        redis.RedisError: Redis is unavailable; call again later.
    """
    VIEWS.forget(user_id)
    Activity.objects(user_id=user_id).delete()
    CustomerProfile.objects(pk=user_id).delete()
    list_cache.forget([user_id])
    logger.info("erasure: activities and profile deleted", user_id=user_id)


def _person_of(event: Learned) -> str:
    match event:
        case ActivityPurchased() | ActivityBrowsed() | UserDeleted():
            return event.data.user_id
        case _:
            return event.data.customer_id


def _note_order(event: OrderConfirmed) -> None:
    data = event.data
    if not data.lines:
        logger.info("purchase skipped: event has no order lines", order_id=data.order_id)
        return
    note_purchase(*_ordered(event))


def _ordered(event: OrderConfirmed) -> tuple[str, str, list[ActivityItem], datetime]:
    """Return the person, the order, its items and its time."""
    data = event.data
    lines = [(each.product_id, each.quantity) for each in data.lines]
    return data.customer_id, data.order_id, _items(lines, event.time), event.time


def _log_count(activity_id: str, counted: bool | None) -> None:
    if counted:
        logger.info("activity counted", activity_id=activity_id)
    else:
        state = "gone or void" if counted is None else "counted before"
        logger.info("activity skipped: nothing to count", activity_id=activity_id, state=state)


def _log_skipped(event: OrderStatusChanged) -> None:
    data = event.data
    logger.info("order state skipped: purchase stays", order_id=data.order_id, state=data.state)


def _undo(user_id: str, order_id: str) -> None:
    """Void an order's purchase, or reserve its key in case the purchase comes later."""
    key = order_key(user_id, order_id)
    place = Activity(
        key=key,
        user_id=user_id,
        kind=ActivityKind.PURCHASED.value,
        order_id=order_id,
        void=True,
        # Events do not come later than this.
        expires_at=now() + BROWSING_LASTS,
    )
    created = Activity._get_collection().update_one(
        {"key": key}, {"$setOnInsert": place.to_mongo()}, upsert=True
    )
    if created.upserted_id is None:
        uncount(key)
        compute_list(user_id)
    logger.info("purchase withdrawn", order_id=order_id, was_stored=created.upserted_id is None)


def _items(pieces: Sequence[tuple[str, int]], at: datetime) -> list[ActivityItem]:
    return [ActivityItem(product_id=each, quantity=many, at=at) for each, many in pieces]
