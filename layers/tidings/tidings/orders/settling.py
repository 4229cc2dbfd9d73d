"""Settle orders that wait too long for their stock: publish their event again, then give up."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from tidings.orders import announcements
from tidings.orders.errors import StepRefused
from tidings.orders.models import Order
from tidings.orders.states import OrderState
from tidings.orders.steps import THE_SHOP, Step, take_step
from tidings.platform.context import correlated
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.timing.clock import now

# The time after the event was published again.
GIVE_UP_AFTER: Final = timedelta(minutes=60)
ORDERS_PER_ROUND: Final = 200
MAX_ROUNDS: Final = 25
TOO_LATE: Final = "The stock could not be set aside in time."
OUTCOMES: Final = ("orders_announced_again", "orders_cancelled", "orders_given_up")


def settle_orders(scheduled_at: datetime) -> dict[str, int]:
    """Settle orders that wait too long. Safe to repeat.

    The event of a placed order is published again. If that does not help, the order is cancelled,
    which releases stock that was reserved after all. A cancellation without an `inventory.released`
    is published again, and then left to an operator.

    Returns:
        The number of orders by outcome. Orders beyond `MAX_ROUNDS` rounds wait for the next run.
    """
    outcomes = Counter(dict.fromkeys(OUTCOMES, 0))
    for _ in range(MAX_ROUNDS):
        due = Order.objects(settle_at__lte=scheduled_at).order_by("settle_at")
        found = list(due.limit(ORDERS_PER_ROUND))
        for order in found:
            with correlated(order.correlation_id):
                outcomes.update(_settle(order, scheduled_at))
        if len(found) < ORDERS_PER_ROUND:
            break
    return dict(outcomes)


def _settle(order: Order, scheduled_at: datetime) -> list[str]:
    """Return the outcome; an empty list if another process was faster."""
    if not order.asked_again:
        return ["orders_announced_again"] if _ask_again(order, scheduled_at) else []
    if order.state == OrderState.PLACED.value:
        return ["orders_cancelled"] if _cancel(order) else []
    return ["orders_given_up"] if _give_up(order) else []


def _ask_again(order: Order, scheduled_at: datetime) -> bool:
    waiting = Order.objects(pk=order.id, state=order.state, asked_again__ne=True)
    changed = outbox.change(
        waiting,
        announcements.again(order),
        set__asked_again=True,
        set__settle_at=scheduled_at + GIVE_UP_AFTER,
    )
    logger.info(
        "order event published again: no decision on its stock",
        order_id=order.id,
        state=order.state,
    )
    return changed is not None


def _cancel(order: Order) -> bool:
    step = Step(OrderState.CANCELLED, THE_SHOP, now(), TOO_LATE)
    try:
        take_step(order, step, lambda found: announcements.cancelled(found, TOO_LATE, step.at))
    except StepRefused as refused:
        logger.info(
            "order settling skipped: decided just now", order_id=order.id, state=refused.before
        )
        return False
    return True


def _give_up(order: Order) -> bool:
    waiting = Order.objects(pk=order.id, state=order.state, settle_at=order.settle_at)
    logger.error("stock of a cancelled order was never released", order_id=order.id)
    return bool(waiting.update_one(unset__settle_at=True))
