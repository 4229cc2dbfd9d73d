"""Explain an order: its steps, its stock, and the notifications of its events."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from tidings.monitoring.explaining.makers import A_CALL, Maker, consumer_of
from tidings.monitoring.explaining.notifications import (
    EVENT_OF_KIND,
    cause_of,
    explained,
    waiting_events,
)
from tidings.monitoring.explaining.schemas import ExplainedEvent, ExplainedStep, ExplanationNote
from tidings.orders.announcements import cancelled_id
from tidings.orders.models import Order
from tidings.orders.settling import TOO_LATE
from tidings.orders.states import Actor, OrderState
from tidings.platform.storage.rows import row
from tidings.products.models import Reservation

ANNOUNCED_BY: Final[dict[str, str]] = {
    OrderState.PLACED: "order.placed",
    OrderState.CONFIRMED: "order.confirmed",
    OrderState.REJECTED: "order.rejected",
    OrderState.CANCELLED: "order.cancelled",
}
CHANGED: Final = "order.status_changed"
NOTIFYING: Final = frozenset(EVENT_OF_KIND.values())
SENTENCES: Final[dict[str, str]] = {
    OrderState.PLACED: "The customer placed the order.",
    OrderState.CONFIRMED: "The order is confirmed: its stock is reserved.",
    OrderState.REJECTED: "The order is rejected: there was not enough stock.",
}
SETTLES: Final = Maker("settle-orders")


def order_with(order_id: str) -> Any:
    """Return the row of an order, or None."""
    return row(Order, {"_id": order_id})


def reservation_for(order_id: str) -> Any:
    """Return the row of the decision on an order's stock, or None."""
    return row(Reservation, {"_id": order_id})


def order_steps(order: Any, reservation: Any) -> Iterator[ExplainedStep]:
    """Yield the steps of an order and of its stock, and the events that wait in their outboxes."""
    for each in order.history:
        yield _step(order, each)
    yield from waiting_events(order)
    if reservation is not None:
        yield from _stock_steps(order, reservation)
        yield from waiting_events(reservation)


def events_of(order: Any, notifications: Sequence[Any]) -> list[ExplainedEvent]:
    """Return the events of an order, each with the notifications that it caused.

    Notifications are found by the event's id. Steps of older orders have none; there the kind of
    the notification and the order's state tell.
    """
    left = list(notifications)
    events = []
    for step in order.history:
        caused = [each for each in left if _is_caused(order, step, each)]
        left = [each for each in left if each not in caused]
        recorded = _event_id(order, step) or next((each.event_id for each in caused), None)
        events.append(
            ExplainedEvent(
                event_id=recorded,
                type=_event_type(step),
                at=step.at,
                correlation_id=_correlation(order, step),
                notifications=[explained(each) for each in caused],
            )
        )
    events += [cause_of(each) for each in left]
    return sorted(events, key=lambda each: each.at or each.notifications[0].created_at)


def notes_on_order(
    order: Any, events: Sequence[ExplainedEvent], *, is_deleted: bool
) -> Iterator[ExplanationNote]:
    """Yield what the steps of an order do not show."""
    if order.settle_at is not None:
        yield ExplanationNote(
            code="waits_for_stock",
            sentence="The order waits for the inventory; the job settle-orders looks at it at"
            f" {order.settle_at.isoformat()}.",
        )
    if any(each.event_id is None for each in events):
        yield ExplanationNote(
            code="event_id_not_recorded",
            sentence="An event has no id here: the order is older than the record of it.",
        )
    silent = [each for each in events if each.type in NOTIFYING and not each.notifications]
    if silent and is_deleted:
        yield ExplanationNote(
            code="account_deleted",
            sentence="The customer deleted the account: the notifications were erased, and new ones"
            " are not made.",
        )
    for each in silent if not is_deleted else ():
        yield ExplanationNote(
            code="no_notification",
            sentence=f"No notification of {each.type} is stored: the event waits, is retried or"
            " failed, or the notification expired after 180 days.",
        )


def _step(order: Any, step: Any) -> ExplainedStep:
    maker = _maker(step)
    return ExplainedStep(
        at=step.at,
        code=f"order.{step.state}",
        reason=_reason(step),
        sentence=_sentence(step),
        function=maker.function,
        queue=maker.queue,
        correlation_id=_correlation(order, step),
        event_id=_event_id(order, step),
    )


def _stock_steps(order: Any, reservation: Any) -> Iterator[ExplainedStep]:
    maker, lines = consumer_of("inventory"), reservation.lines
    about = {
        "function": maker.function,
        "queue": maker.queue,
        "correlation_id": order.correlation_id,
    }
    if lines and reservation.reason is None:
        sentence = "The inventory reserved the stock."
        yield ExplainedStep(
            at=reservation.created_at, code="stock.reserved", sentence=sentence, **about
        )
    elif lines:
        yield ExplainedStep(
            at=reservation.created_at,
            code="stock.rejected",
            reason="not_enough_stock",
            sentence=f"The inventory reserved nothing: {reservation.reason}",
            **about,
        )
    if reservation.state == "released":
        is_early = not lines
        yield ExplainedStep(
            at=order.stock_released_at or (reservation.created_at if is_early else None),
            code="stock.released",
            reason="cancelled_first" if is_early else "order_cancelled",
            sentence="The cancellation came before the order: no stock was reserved."
            if is_early
            else "The order was cancelled: no stock is reserved for it any more.",
            **about,
        )


def _maker(step: Any) -> Maker:
    if step.actor != Actor.SHOP:
        return A_CALL
    return SETTLES if step.reason == TOO_LATE else consumer_of("orders")


def _reason(step: Any) -> str | None:
    """Return the code of a step's reason; a person's own words are not repeated here."""
    if step.state == OrderState.REJECTED:
        return "not_enough_stock"
    if step.state != OrderState.CANCELLED:
        return None
    return "stock_too_late" if step.reason == TOO_LATE else f"by_{step.actor}"


def _sentence(step: Any) -> str:
    if known := SENTENCES.get(step.state):
        return known
    if step.state != OrderState.CANCELLED:
        return f"An operator set the order to {step.state}."
    if step.reason == TOO_LATE:
        return "The shop cancelled the order: its stock was not reserved in time."
    return f"The {step.actor} cancelled the order."


def _event_type(step: Any) -> str:
    return ANNOUNCED_BY.get(step.state, CHANGED)


def _event_id(order: Any, step: Any) -> str | None:
    recorded: str | None = step.event_id
    if recorded is None and step.state == OrderState.CANCELLED:
        return cancelled_id(order.id)
    return recorded


def _correlation(order: Any, step: Any) -> str | None:
    """Return the correlation id of a step; older ones recorded none."""
    found: str | None = step.correlation_id or (order.correlation_id if step.event_id else None)
    return found


def _is_caused(order: Any, step: Any, notification: Any) -> bool:
    if (event_id := _event_id(order, step)) is not None:
        return bool(notification.event_id == event_id)
    if EVENT_OF_KIND.get(notification.kind) != _event_type(step):
        return False
    is_one_of_several = _event_type(step) == CHANGED
    return not is_one_of_several or notification.variables.get("state") == step.state
