"""Reserve the stock of many orders in one transaction."""

from collections import Counter
from collections.abc import Mapping, Sequence

from pymongo.client_session import ClientSession

from tidings.orders.events import OrderCancelled, OrderPlaced
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.messaging.events import handling
from tidings.platform.storage import database
from tidings.platform.storage.database import in_transaction
from tidings.products.models import Product, Reservation
from tidings.products.movements import Moved, move_for_orders, note, record
from tidings.products.stock import reservation

# By order: its pieces by product.
Wanted = Mapping[str, Counter[str]]


class _Overtaken(Exception):
    """Aborts the transaction: another process took stock after it was read."""


def reserve_together(
    events: Sequence[OrderPlaced | OrderCancelled],
) -> list[OrderPlaced | OrderCancelled]:
    """Reserve the stock of many orders, with database commands that their number does not add to.

    Orders that were decided or cancelled before do not change.

    Returns:
        The events that it left: a single one, cancellations and their orders, and orders for which
            there is not enough stock.

    Raises:
        Exception: another process changed the stock or decided an order meanwhile; nothing is
            reserved.
    """
    if len(events) == 1:  # `reserve_stock` needs fewer commands for one order
        return list(events)
    cancelled = {each.data.order_id for each in events if isinstance(each, OrderCancelled)}
    orders = _undecided([each for each in events if each.data.order_id not in cancelled])
    wanted = {order_id: _pieces(event) for order_id, event in orders.items()}
    fitting = _fitting(wanted)
    reserved = []
    for order_id in fitting:
        event = orders[order_id]
        with handling(event):
            reserved.append(reservation(order_id, event.data.lines))
    if reserved:
        chosen = {order_id: wanted[order_id] for order_id in fitting}
        moved = in_transaction(lambda session: _take(reserved, chosen, orders, session))
        for each in reserved:
            outbox.note_stored(each)
        note(moved)
        for each in reserved:
            with handling(orders[each.id]):
                logger.info("stock reserved", order_id=each.id)
    left = (orders.keys() - fitting) | cancelled
    return [each for each in events if each.data.order_id in left]


def _undecided(events: Sequence[OrderPlaced | OrderCancelled]) -> dict[str, OrderPlaced]:
    orders = {each.data.order_id: each for each in events if isinstance(each, OrderPlaced)}
    decided = Reservation.objects(pk__in=list(orders)).scalar("pk")
    for order_id in decided:
        with handling(orders.pop(order_id)):
            logger.info("stock decision skipped: decided before", order_id=order_id)
    return orders


def _pieces(event: OrderPlaced) -> Counter[str]:
    pieces: Counter[str] = Counter()
    for line in event.data.lines:
        pieces[line.product_id] += line.quantity
    return pieces


def _fitting(wanted: Wanted) -> list[str]:
    """Return the orders for which there is stock, if each takes its own in this order."""
    ids = list({product_id for pieces in wanted.values() for product_id in pieces})
    found = Product._get_collection().find({"_id": {"$in": ids}}, ["stock"])
    left = {each["_id"]: each["stock"] for each in found}
    fitting = []
    for order_id, pieces in wanted.items():
        if all(left.get(product_id, 0) >= number for product_id, number in pieces.items()):
            left.update({product_id: left[product_id] - n for product_id, n in pieces.items()})
            fitting.append(order_id)
    return fitting


def _take(
    reserved: Sequence[Reservation],
    wanted: Wanted,
    orders: Mapping[str, OrderPlaced],
    session: ClientSession,
) -> list[Moved]:
    with database.writing_many(len(reserved)):
        Reservation._get_collection().insert_many(
            [each.to_mongo() for each in reserved], session=session
        )
    moved = move_for_orders(wanted, orders, session)
    if moved is None:
        raise _Overtaken
    record(moved, session)
    return moved
