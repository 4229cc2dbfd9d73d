"""Create the events of orders."""

from datetime import datetime
from typing import Any

from tidings.orders.events import (
    OrderCancelled,
    OrderCancelledData,
    OrderConfirmed,
    OrderConfirmedData,
    OrderedLine,
    OrderPlaced,
    OrderPlacedData,
    OrderRejected,
    OrderRejectedData,
    OrderStatusChanged,
    OrderStatusChangedData,
)
from tidings.orders.models import Order
from tidings.orders.states import Actor, OrderState


def placed(order: Order) -> OrderPlaced:
    data = OrderPlacedData(
        **_of(order), lines=_lines(order), total=order.total, currency=order.currency
    )
    return OrderPlaced(subject=order.id, data=data)


def confirmed(order: Order) -> OrderConfirmed:
    data = OrderConfirmedData(
        **_of(order), total=order.total, currency=order.currency, lines=_lines(order)
    )
    return OrderConfirmed(subject=order.id, data=data)


def rejected(order: Order, reason: str) -> OrderRejected:
    data = OrderRejectedData(**_of(order), reason=reason)
    return OrderRejected(subject=order.id, data=data)


def cancelled(order: Order, reason: str, at: datetime) -> OrderCancelled:
    """Return the event of a cancellation.

    An order is cancelled once, so the event's id is derived from the order's id. If it is published
    again, it is the same event, and the customer is not notified again.
    """
    data = OrderCancelledData(
        **_of(order), reason=reason, explained=reason not in map(unexplained, Actor)
    )
    return OrderCancelled(id=cancelled_id(order.id), subject=order.id, time=at, data=data)


def cancelled_id(order_id: str) -> str:
    """Return the id of the event of an order's cancellation."""
    return f"{order_id}.cancelled"


def unexplained(actor: Actor) -> str:
    """Return the default reason of a cancellation without a reason."""
    return f"Cancelled by the {actor.value}."


def again(order: Order) -> OrderPlaced | OrderCancelled:
    """Return the event to publish again for an order that still waits for its stock."""
    if order.state == OrderState.CANCELLED.value:
        last = order.history[-1]
        return cancelled(order, last.reason, last.at)
    return placed(order)


def status_changed(
    order: Order, state: OrderState, carrier: str | None, tracking_number: str | None
) -> OrderStatusChanged:
    data = OrderStatusChangedData(
        order_id=order.id,
        customer_id=order.customer_id,
        state=state.value,
        previous=order.state,
        carrier=carrier,
        tracking_number=tracking_number,
    )
    return OrderStatusChanged(subject=order.id, data=data)


def _lines(order: Order) -> list[OrderedLine]:
    return [OrderedLine(product_id=i.product_id, quantity=i.quantity) for i in order.items]


def _of(order: Order) -> dict[str, Any]:
    return {
        "order_id": order.id,
        "customer_id": order.customer_id,
        "voucher_code": order.voucher_code,
        "discount": order.discount,
    }
