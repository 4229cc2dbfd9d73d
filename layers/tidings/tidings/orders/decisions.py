"""Apply the inventory's decisions to orders, also late ones."""

from tidings.orders import announcements
from tidings.orders.errors import StepRefused
from tidings.orders.models import Order
from tidings.orders.states import OrderState
from tidings.orders.steps import THE_SHOP, Step, take_step
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.timing.clock import now


def confirm_order(order_id: str) -> None:
    """Confirm an order whose stock is reserved.

    A decided order does not change. If it was cancelled meanwhile, its cancellation is published
    again, so that the reserved stock is released.

    Raises:
        LookupError: the order does not exist (yet).
    """
    order = _known(order_id)
    try:
        take_step(order, Step(OrderState.CONFIRMED, THE_SHOP, now()), announcements.confirmed)
    except StepRefused as refused:
        logger.info(
            "order decision skipped: decided before", order_id=order_id, state=refused.before
        )
        _announce_cancelled_again(order_id)


def reject_order(order_id: str, *, reason: str) -> None:
    """Reject an order that cannot be fulfilled; a decided order does not change.

    Raises:
        LookupError: the order does not exist (yet).
    """
    step = Step(OrderState.REJECTED, THE_SHOP, now(), reason)
    try:
        take_step(_known(order_id), step, lambda order: announcements.rejected(order, reason))
    except StepRefused as refused:
        logger.info(
            "order decision skipped: decided before", order_id=order_id, state=refused.before
        )


def note_stock_released(order_id: str) -> None:
    """Record that the stock of a cancelled order is released, so it waits no longer.

    Raises:
        LookupError: the order does not exist (yet).
    """
    _known(order_id)
    cancelled = Order.objects(pk=order_id, state=OrderState.CANCELLED.value, stock_released_at=None)
    noted = cancelled.update_one(
        set__stock_released_at=now(), unset__settle_at=True, unset__asked_again=True
    )
    logger.info("stock release recorded", order_id=order_id, noted=bool(noted))


def _known(order_id: str) -> Order:
    order: Order | None = Order.objects(pk=order_id).first()
    if order is None:
        raise LookupError(f"order {order_id} does not exist (yet)")
    return order


def _announce_cancelled_again(order_id: str) -> None:
    """Publish an order's cancellation again; do nothing if it is not cancelled."""
    cancelled = Order.objects(pk=order_id, state=OrderState.CANCELLED.value)
    order = cancelled.first()
    if order is None:
        return
    outbox.change(cancelled, announcements.again(order))
    logger.info("order cancellation published again", order_id=order_id)
