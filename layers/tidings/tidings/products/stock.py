"""Reserve and release stock for orders: all or nothing, once per order."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from mongoengine import NotUniqueError
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from tidings.platform.errors import Unavailable
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.messaging.outbox import OutboxEntry
from tidings.platform.storage.database import in_transaction
from tidings.products.events import (
    InventoryRejected,
    InventoryRejectedData,
    InventoryReleased,
    InventoryReleasedData,
    InventoryReserved,
    InventoryReservedData,
)
from tidings.products.fields import MovementKind
from tidings.products.models import Reservation, ReservedLine
from tidings.products.movements import Cause, Moved, move, note, record
from tidings.products.schemas import StockLine


class Line(Protocol):
    """A product and its number of pieces."""

    @property
    def product_id(self) -> str: ...

    @property
    def quantity(self) -> int: ...


class _NotEnough(Exception):
    """Aborts the transaction when there is not enough stock."""


def reserve_stock(order_id: str, lines: Sequence[StockLine]) -> None:
    """Reserve all stock of an order and publish the result: reserved or rejected.

    If the order was decided or cancelled before, nothing changes; an event that is still in the
    outbox is published again.

    Raises:
        Unavailable: another process is deciding the order now; retry.
    """
    reserved = reservation(order_id, lines)
    try:
        moved = in_transaction(lambda session: _take(reserved, lines, session))
    except _NotEnough as shortage:
        _reject(order_id, lines, str(shortage))
    except DuplicateKeyError:
        # If that transaction were rolled back, the order would stay undecided.
        if Reservation.objects(pk=order_id).first() is None:
            raise Unavailable("The order's stock is being decided.") from None
        logger.info("stock decision skipped: decided before", order_id=order_id)
    else:
        outbox.note_stored(reserved)
        note(moved)
        logger.info("stock reserved", order_id=order_id)


def release_stock(order_id: str) -> None:
    """Release the stock of a cancelled order, once, and publish an event.

    If this comes before the order itself, no stock will be reserved for it.

    Raises:
        Unavailable: another process is reserving the stock now; retry.
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
        logger.info("stock release skipped: nothing reserved", order_id=order_id)
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


def reservation(order_id: str, lines: Iterable[Line]) -> Reservation:
    """Return the decision to reserve these lines, with its event."""
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
        logger.info("stock decision skipped: decided before", order_id=order_id)
    else:
        logger.info("stock not reserved: not enough pieces", order_id=order_id)


def _reserved_lines(lines: Iterable[Line]) -> list[ReservedLine]:
    return [ReservedLine(product_id=line.product_id, quantity=line.quantity) for line in lines]
