"""Vouchers of orders: applied when an order is placed, returned when it falls through."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from pymongo.client_session import ClientSession

from tidings.orders.events import OrderCancelled, OrderPlaced, OrderRejected
from tidings.orders.models import Order
from tidings.orders.queries import FELL_THROUGH
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.storage.database import in_transaction
from tidings.platform.timing.clock import now
from tidings.vouchers.errors import (
    VoucherEnded,
    VoucherExpired,
    VoucherMinimum,
    VoucherOtherCurrency,
    VoucherTooEarly,
    VoucherUnknown,
    VoucherUsedByYou,
    VoucherUsedUp,
)
from tidings.vouchers.redeeming import Offer, give_back, offer_for, take

VOUCHER_REFUSED: Final = (
    *(VoucherUnknown, VoucherTooEarly, VoucherExpired, VoucherEnded),
    *(VoucherUsedUp, VoucherUsedByYou, VoucherOtherCurrency, VoucherMinimum),
)


class _Overtaken(Exception):
    """Aborts the transaction: the voucher was edited or used up after it was read."""


def apply(code: str, order: Order, at: datetime) -> Offer:
    """Reduce the total of an order that is not stored yet by a voucher.

    Raises:
        VoucherRefused: the voucher does not fit this order.
        RateLimited: the customer sent too many unknown codes.
    """
    subtotal = order.subtotal
    offer = offer_for(
        code,
        customer_id=order.customer_id,
        subtotal=subtotal,
        currency=order.currency,
        at=at,
    )
    _check_uses_of_customer(order.customer_id, offer)
    order.voucher_id, order.voucher_code = offer.voucher_id, offer.code
    order.discount, order.total = offer.discount, subtotal - offer.discount
    return offer


def insert_with(code: str, order: Order, announce: Callable[[], OrderPlaced], at: datetime) -> None:
    """Store a new order, its event and the use of its voucher in one transaction.

    If the voucher changes after it was read, it is read again. Each repetition means that another
    process changed it, so this ends.

    Raises:
        VoucherRefused: the voucher does not fit this order; nothing is stored.
        mongoengine.NotUniqueError: a unique index refused the order; nothing is stored.
    """
    while True:
        offer = apply(code, order, at)
        try:
            outbox.insert(order, announce(), beside=_use(offer, order.customer_id))
        except _Overtaken:
            logger.info("voucher read again: it changed", voucher_id=offer.voucher_id)
        else:
            return


def return_voucher_of(event: OrderRejected | OrderCancelled) -> None:
    """Give back the voucher of a rejected or cancelled order; most orders have none.

    Raises:
        LookupError: the order does not exist.
    """
    if event.data.voucher_code is None:
        logger.info("no voucher to return", order_id=event.data.order_id)
    else:
        return_voucher(event.data.order_id)


def return_voucher(order_id: str) -> bool:
    """Give back an order's voucher, once; return whether this did it.

    Raises:
        LookupError: the order does not exist.
    """
    order = Order.objects(pk=order_id).only("voucher_id", "discount").first()
    if order is None:
        raise LookupError(f"order {order_id} does not exist")
    returned = in_transaction(lambda session: _return(order, session))
    logger.info("voucher returned", order_id=order_id, first=returned)
    return returned


def _use(offer: Offer, customer_id: str) -> Callable[[ClientSession], None]:
    def use(session: ClientSession) -> None:
        if not take(offer, session):
            raise _Overtaken
        _check_uses_of_customer(customer_id, offer, session)

    return use


def _check_uses_of_customer(
    customer_id: str, offer: Offer, session: ClientSession | None = None
) -> None:
    """Refuse a customer whose other orders use the voucher as often as it allows.

    Raises:
        VoucherUsedByYou: they do.
    """
    limit = offer.customer_limit
    if limit is None:
        return
    own = {"customer_id": customer_id, "voucher_id": offer.voucher_id, "voucher_returned_at": None}
    found = Order._get_collection().find(own, ["_id"], session=session).limit(limit)
    if len(list(found)) >= limit:
        raise VoucherUsedByYou(limit)


def _return(order: Order, session: ClientSession) -> bool:
    fallen = {"_id": order.id, "state": {"$in": FELL_THROUGH}, "voucher_returned_at": None}
    marked = Order._get_collection().update_one(
        fallen, {"$set": {"voucher_returned_at": now()}}, session=session
    )
    if marked.modified_count:
        give_back(order.voucher_id, order.discount, session)
    return bool(marked.modified_count)
