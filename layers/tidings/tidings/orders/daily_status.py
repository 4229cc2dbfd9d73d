"""The daily status message about every open order, chunk by chunk."""

from datetime import datetime
from typing import Final

from pymongo import UpdateOne

from tidings.orders.events import (
    AnnounceOrderStatuses,
    AnnounceOrderStatusesData,
    OrderStatusDue,
    OrderStatusDueData,
)
from tidings.orders.models import Order
from tidings.orders.states import OPEN_STATES
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.messaging.outbox import OutboxEntry
from tidings.platform.messaging.relay import publish_now
from tidings.platform.storage import database

# An invocation publishes the events of twice as many documents itself (`outbox.MAX_NOTED`).
ORDERS_PER_CHUNK: Final = 500


def announce_status_due(scheduled_at: datetime) -> int:
    """Publish for a chunk of the open orders that a status message is due.

    Each order gets one event a day, however often this is called: the write that stores the event
    also stores the day. If there may be more orders, a command for the next chunk is published.

    Returns:
        The number of orders that got an event now.

    Raises:
        BrokerUnavailable: the command for the next chunk was not published; call again.
    """
    day = scheduled_at.replace(hour=0, minute=0, second=0, microsecond=0)
    found = _not_announced(day, scheduled_at)
    announced = _announce(found, day) if found else 0
    logger.info("order status events stored", orders=announced, day=day.date().isoformat())
    if len(found) == ORDERS_PER_CHUNK:
        publish_now([_next_chunk(scheduled_at)])
    return announced


def _not_announced(day: datetime, scheduled_at: datetime) -> list[Order]:
    found = Order.objects(
        state__in=[state.value for state in OPEN_STATES],
        status_announced_for__not__gte=day,
        created_at__lt=scheduled_at,
    )
    return list(found.only("customer_id", "state").limit(ORDERS_PER_CHUNK))


def _announce(orders: list[Order], day: datetime) -> int:
    entries = {order.id: OutboxEntry.of(_status_due(order, day)) for order in orders}
    updates = [
        UpdateOne(
            {
                "_id": order.id,
                "state": order.state,
                "status_announced_for": {"$not": {"$gte": day}},
            },
            {
                "$set": {"status_announced_for": day},
                "$push": {"outbox": entries[order.id].to_mongo()},
            },
        )
        for order in orders
    ]
    with database.writing_many(len(updates)):
        changed = Order._get_collection().bulk_write(updates, ordered=False).modified_count
    _note_stored(entries)
    return int(changed)


def _note_stored(entries: dict[str, OutboxEntry]) -> None:
    """Note the orders whose event was stored; a concurrent run may have stored the others."""
    event_ids = [entry.event_id for entry in entries.values()]
    stored = Order.objects(pk__in=list(entries), outbox__event_id__in=event_ids)
    for order in stored.only("outbox"):
        outbox.note_stored(order)


def _next_chunk(scheduled_at: datetime) -> AnnounceOrderStatuses:
    data = AnnounceOrderStatusesData(scheduled_at=scheduled_at)
    return AnnounceOrderStatuses(subject=scheduled_at.date().isoformat(), data=data)


def _status_due(order: Order, day: datetime) -> OrderStatusDue:
    data = OrderStatusDueData(
        order_id=order.id, customer_id=order.customer_id, state=order.state, day=day.date()
    )
    return OrderStatusDue(subject=order.id, data=data)
