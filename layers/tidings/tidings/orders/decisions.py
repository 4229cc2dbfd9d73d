"""What the inventory decided becomes the order's state, also when it comes late."""

from tidings.orders import announcements
from tidings.orders.errors import StepRefused
from tidings.orders.models import Order
from tidings.orders.states import OrderState
from tidings.orders.steps import THE_SHOP, Step, take_step
from tidings.platform import outbox
from tidings.platform.clock import now
from tidings.platform.logging import logger


def confirm_order(order_id: str) -> None:
    """Confirm an order whose stock is set aside.

    One that is decided already stays as it is. One that was cancelled meanwhile has its
    cancellation announced again: what was set aside for it must become free.

    Raises:
        LookupError: there is no such order (yet).
    """
    order = _known(order_id)
    try:
        take_step(order, Step(OrderState.CONFIRMED, THE_SHOP, now()), announcements.confirmed)
    except StepRefused as refused:
        logger.info("order was decided before", order_id=order_id, state=refused.before)
        _announce_cancelled_again(order_id)


def reject_order(order_id: str, *, reason: str) -> None:
    """Reject an order that cannot be fulfilled; one that is decided already stays as it is.

    Raises:
        LookupError: there is no such order (yet).
    """
    step = Step(OrderState.REJECTED, THE_SHOP, now(), reason)
    try:
        take_step(_known(order_id), step, lambda order: announcements.rejected(order, reason))
    except StepRefused as refused:
        logger.info("order was decided before", order_id=order_id, state=refused.before)


def note_stock_released(order_id: str) -> None:
    """Note that nothing is set aside any more for a cancelled order: it waits for nothing.

    Raises:
        LookupError: there is no such order (yet).
    """
    _known(order_id)
    cancelled = Order.objects(pk=order_id, state=OrderState.CANCELLED.value, stock_released_at=None)
    noted = cancelled.update_one(
        set__stock_released_at=now(), unset__settle_at=True, unset__asked_again=True
    )
    logger.info("stock of an order was released", order_id=order_id, noted=bool(noted))


def _known(order_id: str) -> Order:
    order: Order | None = Order.objects(pk=order_id).first()
    if order is None:
        raise LookupError(f"order {order_id} is not there (yet)")
    return order


def _announce_cancelled_again(order_id: str) -> None:
    """Announce an order's cancellation once more; nothing where it is not cancelled."""
    cancelled = Order.objects(pk=order_id, state=OrderState.CANCELLED.value)
    order = cancelled.first()
    if order is None:
        return
    outbox.change(cancelled, announcements.again(order))
    logger.info("cancellation announced again", order_id=order_id)
