"""Setting stock aside for orders and giving it back: all or nothing, once per order."""

from collections.abc import Sequence

from mongoengine import NotUniqueError
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from tidings.platform import outbox
from tidings.platform.database import in_transaction
from tidings.platform.errors import Unavailable
from tidings.platform.logging import logger
from tidings.platform.outbox import OutboxEntry
from tidings.products.events import (
    InventoryRejected,
    InventoryRejectedData,
    InventoryReleased,
    InventoryReleasedData,
    InventoryReserved,
    InventoryReservedData,
)
from tidings.products.models import Reservation, ReservedLine
from tidings.products.movements import Cause, Moved, move, note, record
from tidings.products.schemas import MovementKind, StockLine


class _NotEnough(Exception):
    """Ends the transaction that would have taken more than there is."""


def reserve_stock(order_id: str, lines: Sequence[StockLine]) -> None:
    """Set all of an order's pieces aside and announce it, or announce that it cannot be.

    An order that was decided before, or called off before, keeps its decision; it is only
    announced again if its event still waits in the outbox.

    Raises:
        Unavailable: the order is being decided at this moment; to be tried again.
    """
    reserved = _reservation(order_id, lines)
    try:
        moved = in_transaction(lambda session: _take(reserved, lines, session))
    except _NotEnough as shortage:
        _reject(order_id, lines, str(shortage))
    except DuplicateKeyError:
        # Not by a transaction that is undone: nobody would decide then.
        if Reservation.objects(pk=order_id).first() is None:
            raise Unavailable("The order's stock is being decided.") from None
        logger.info("stock was decided before", order_id=order_id)
    else:
        outbox.note_stored(reserved)
        note(moved)
        logger.info("stock reserved", order_id=order_id)


def release_stock(order_id: str) -> None:
    """Give back what is set aside for an order that is off, once, and announce it.

    If it comes before the order itself, nothing will be set aside for it any more.

    Raises:
        Unavailable: the stock is being set aside at this moment; to be tried again.
    """
    data = InventoryReleasedData(order_id=order_id)
    released = Reservation(
        id=order_id,
        state="released",
        outbox=[OutboxEntry.of(InventoryReleased(subject=order_id, data=data))],
    )
    try:
        moved = in_transaction(lambda session: _give_back(released, session))
    except DuplicateKeyError:
        found = Reservation.objects(pk=order_id).first()
        if found is None or found.state == "reserved":
            raise Unavailable("The order's stock is being decided.") from None
        logger.info("there is nothing to release", order_id=order_id)
    else:
        outbox.note_stored(released)
        note(moved)
        logger.info("stock released", order_id=order_id)


def _take(reserved: Reservation, lines: Sequence[StockLine], session: ClientSession) -> list[Moved]:
    Reservation._get_collection().insert_one(reserved.to_mongo(), session=session)
    cause = Cause(MovementKind.RESERVED, "ordered", order_id=reserved.pk)
    moved = []
    for line in lines:
        taken = move(line.product_id, -line.quantity, cause, session)
        if taken is None:
            raise _NotEnough(f"Not enough pieces of product {line.product_id}.")
        moved.append(taken)
    record(moved, session)
    return moved


def _give_back(released: Reservation, session: ClientSession) -> list[Moved]:
    reservations = Reservation._get_collection()
    (entry,) = released.outbox
    reserved = reservations.find_one_and_update(
        {"_id": released.pk, "state": {"$in": ["reserved", "rejected"]}},
        {"$set": {"state": "released"}, "$push": {"outbox": entry.to_mongo()}},
        session=session,
    )
    if reserved is None:
        reservations.insert_one(released.to_mongo(), session=session)
        return []
    if reserved["state"] == "rejected":
        return []
    cause = Cause(MovementKind.RELEASED, "order cancelled", order_id=released.pk)
    back = [
        move(line["product_id"], line["quantity"], cause, session) for line in reserved["lines"]
    ]
    moved = [each for each in back if each is not None]
    record(moved, session)
    return moved


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
