"""Setting stock aside for orders: all or nothing, once per order."""

from collections.abc import Sequence

from mongoengine import NotUniqueError
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from tidings.platform import outbox
from tidings.platform.database import in_transaction
from tidings.platform.logging import logger
from tidings.platform.outbox import OutboxEntry
from tidings.products.events import (
    InventoryRejected,
    InventoryRejectedData,
    InventoryReserved,
    InventoryReservedData,
)
from tidings.products.models import Product, Reservation, ReservedLine
from tidings.products.schemas import StockLine


class _NotEnough(Exception):
    """Ends the transaction that would have taken more than there is."""


def reserve_stock(order_id: str, lines: Sequence[StockLine]) -> None:
    """Set all of an order's pieces aside and announce it, or announce that it cannot be.

    An order that was decided before keeps its decision; it is only announced again if its
    event still waits in the outbox.
    """
    reserved = _reservation(order_id, lines)
    try:
        in_transaction(lambda session: _take(reserved, lines, session))
    except _NotEnough as shortage:
        _reject(order_id, lines, str(shortage))
    except DuplicateKeyError:
        logger.info("stock was decided before", order_id=order_id)
    else:
        outbox.note_stored(reserved)
        logger.info("stock reserved", order_id=order_id)


def _take(reserved: Reservation, lines: Sequence[StockLine], session: ClientSession) -> None:
    Reservation._get_collection().insert_one(reserved.to_mongo(), session=session)
    for line in lines:
        taken = Product._get_collection().update_one(
            {"_id": line.product_id, "stock": {"$gte": line.quantity}},
            {"$inc": {"stock": -line.quantity}},
            session=session,
        )
        if not taken.matched_count:
            raise _NotEnough(f"Not enough pieces of product {line.product_id}.")


def _reservation(order_id: str, lines: Sequence[StockLine]) -> Reservation:
    event = InventoryReserved(subject=order_id, data=InventoryReservedData(order_id=order_id))
    return Reservation(
        id=order_id,
        state="reserved",
        lines=_reserved_lines(lines),
        outbox=[OutboxEntry.of(event)],
    )


def _reject(order_id: str, lines: Sequence[StockLine], reason: str) -> None:
    rejection = Reservation(
        id=order_id, state="rejected", reason=reason, lines=_reserved_lines(lines)
    )
    data = InventoryRejectedData(order_id=order_id, reason=reason)
    try:
        outbox.insert(rejection, InventoryRejected(subject=order_id, data=data))
    except NotUniqueError:
        logger.info("stock was decided before", order_id=order_id)
    else:
        logger.info("stock rejected", order_id=order_id)


def _reserved_lines(lines: Sequence[StockLine]) -> list[ReservedLine]:
    return [ReservedLine(product_id=line.product_id, quantity=line.quantity) for line in lines]
