"""Apply the inventory's decisions to orders, also late ones."""

from collections.abc import Sequence

from tidings.orders import announcements
from tidings.orders.errors import StepRefused
from tidings.orders.models import Order
from tidings.orders.states import OrderState
from tidings.orders.steps import THE_SHOP, Step, planned_step, take_step
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.messaging.events import handling
from tidings.platform.messaging.outbox import Planned
from tidings.platform.storage.rows import rows_of
from tidings.platform.timing.clock import now
from tidings.products.events import InventoryRejected, InventoryReleased, InventoryReserved

Decision = InventoryReserved | InventoryRejected | InventoryReleased


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


def decide_together(decisions: Sequence[Decision]) -> list[Decision]:
    """Confirm and reject many orders with two database commands.

    Returns:
        The decisions that it left alone: the stock is released, the order is missing, or it was
        decided before.
    """
    ids = [each.data.order_id for each in decisions]
    found = Order._get_collection().find({"_id": {"$in": ids}})
    placed = {each.id: each for each in rows_of(Order, found) if each.state == OrderState.PLACED}
    planned: dict[str, Planned] = {}
    for each in decisions:
        order = placed.pop(each.data.order_id, None)
        if order is not None and not isinstance(each, InventoryReleased):
            with handling(each):
                planned[each.id] = _planned(order, each)
    if not planned:
        return list(decisions)
    not_made = {each.document_id for each in outbox.change_many(Order, list(planned.values()))}
    left = [each for each in decisions if each.id not in planned or each.data.order_id in not_made]
    for each in decisions:
        plan = planned.get(each.id)
        if plan is not None and plan.document_id not in not_made:
            with handling(each):
                state = plan.update["$set"]["state"]
                logger.info("order state changed", order_id=plan.document_id, state=state)
    return left


def _planned(order: Order, decision: InventoryReserved | InventoryRejected) -> Planned:
    if isinstance(decision, InventoryReserved):
        step = Step(OrderState.CONFIRMED, THE_SHOP, now())
        return planned_step(order, step, announcements.confirmed(order))
    reason = decision.data.reason
    step = Step(OrderState.REJECTED, THE_SHOP, now(), reason)
    return planned_step(order, step, announcements.rejected(order, reason))


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
