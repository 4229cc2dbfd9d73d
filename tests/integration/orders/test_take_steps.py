"""Orders change their state by the table of steps, and store their history."""

import json
from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import pytest

from tests.integration.builders import a_person, an_order, an_order_in, at_once, state_of
from tidings.orders.decisions import confirm_order
from tidings.orders.errors import OrderNotFound, ShipmentMissing, ShipmentTooEarly, StepRefused
from tidings.orders.models import Order
from tidings.orders.operations import cancel_order, update_order_status
from tidings.orders.queries import get_order
from tidings.orders.schemas import CancelOrder, OrderView, UpdateOrderStatus
from tidings.orders.states import STEPS, Actor, OrderState
from tidings.platform.errors import Forbidden
from tidings.platform.messaging.outbox import take_stored
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import new_id

SHIPMENT = {"carrier": "DHL", "tracking_number": "00340434161094042557"}


def allowed(actor: Actor) -> set[tuple[OrderState, OrderState]]:
    return {
        (before, after)
        for before, steps in STEPS.items()
        for after, actors in steps.items()
        if actor in actors
    }


def refused(actor: Actor) -> list[tuple[OrderState, OrderState]]:
    return sorted(set(product(OrderState, OrderState)) - allowed(actor))


def step(state: OrderState, **more: Any) -> UpdateOrderStatus:
    shipment = SHIPMENT if state is OrderState.SHIPPED else {}
    return UpdateOrderStatus.model_validate({"state": state.value, **shipment, **more})


def update(order: OrderView, state: OrderState, caller: Principal, **more: Any) -> OrderView:
    return update_order_status(order.id, step(state, **more), caller=caller)


def cancel(order: OrderView, caller: Principal) -> OrderView:
    return cancel_order(order.id, CancelOrder(), caller=caller)


def events_of(order: OrderView) -> list[dict[str, Any]]:
    return [json.loads(entry.body) for entry in Order.objects.get(pk=order.id).outbox]


def assert_nothing_happened(order: OrderView, state: OrderState) -> None:
    document = Order.objects.get(pk=order.id)
    assert document.state == state.value
    assert len(document.history) == 1
    assert document.outbox == []
    assert (document.carrier, document.tracking_number) == (None, None)
    assert take_stored() == []


@pytest.mark.parametrize(("before", "after"), refused(Actor.OPERATOR))
def test_impossible_step_is_refused_and_changes_nothing(
    before: OrderState, after: OrderState
) -> None:
    order = an_order_in(before)
    with pytest.raises(StepRefused, match=f"from {before} to {after}") as refused:
        update(order, after, a_person(Role.OPERATOR))
    assert refused.value.status == 422
    assert_nothing_happened(order, before)


@pytest.mark.parametrize(("before", "after"), sorted(allowed(Actor.OPERATOR)))
def test_possible_step_is_taken_recorded_and_announced_once(
    before: OrderState, after: OrderState
) -> None:
    order, operator = an_order_in(before), a_person(Role.OPERATOR)
    changed = update(order, after, operator, reason="as agreed")
    assert changed.state == after
    last = changed.history[-1]
    assert (last.state, last.actor, last.user_id, last.reason) == (
        after,
        Actor.OPERATOR,
        operator.user_id,
        "as agreed",
    )
    assert last.at >= changed.history[0].at
    (event,) = events_of(order)
    cancelled = after is OrderState.CANCELLED
    assert event["type"] == ("order.cancelled" if cancelled else "order.status_changed")
    assert (event["subject"], event["data"]["customer_id"]) == (order.id, order.customer_id)


def test_shipped_order_has_its_tracking_number() -> None:
    customer = a_person()
    order = an_order_in(OrderState.PACKED, customer=customer)
    update(order, OrderState.SHIPPED, a_person(Role.OPERATOR))
    seen = get_order(order.id, caller=customer)
    assert {"carrier": seen.carrier, "tracking_number": seen.tracking_number} == SHIPMENT
    (event,) = events_of(order)
    assert event["data"] == SHIPMENT | {
        "order_id": order.id,
        "customer_id": customer.user_id,
        "state": "shipped",
        "previous": "packed",
    }


@pytest.mark.parametrize("missing", SHIPMENT)
def test_order_is_not_shipped_without_carrier_and_tracking_number(missing: str) -> None:
    order = an_order_in(OrderState.PACKED)
    with pytest.raises(ShipmentMissing) as refused:
        update(order, OrderState.SHIPPED, a_person(Role.OPERATOR), **{missing: None})
    assert refused.value.field == missing
    assert_nothing_happened(order, OrderState.PACKED)


@pytest.mark.parametrize("early", SHIPMENT)
def test_tracking_number_of_an_order_that_is_not_shipped_is_refused(early: str) -> None:
    order = an_order_in(OrderState.PAID)
    with pytest.raises(ShipmentTooEarly):
        update(order, OrderState.PACKED, a_person(Role.OPERATOR), **{early: "1"})
    assert_nothing_happened(order, OrderState.PAID)


def test_customers_take_no_steps_of_operators() -> None:
    customer = a_person()
    order = an_order_in(OrderState.CONFIRMED, customer=customer)
    with pytest.raises(Forbidden):
        update(order, OrderState.PAID, customer)
    assert_nothing_happened(order, OrderState.CONFIRMED)


def test_unknown_order_is_not_found() -> None:
    operator = a_person(Role.OPERATOR)
    with pytest.raises(OrderNotFound):
        update_order_status(new_id(), step(OrderState.PAID), caller=operator)
    with pytest.raises(OrderNotFound):
        cancel_order(new_id(), CancelOrder(), caller=operator)


# ------------------------------------------------------------------- cancelling


def cancellable(actor: Actor) -> set[OrderState]:
    return {before for before, after in allowed(actor) if after is OrderState.CANCELLED}


@pytest.mark.parametrize("state", sorted(cancellable(Actor.CUSTOMER)))
def test_customer_cancels_their_order_until_it_is_packed(state: OrderState) -> None:
    customer = a_person()
    order = an_order_in(state, customer=customer)
    reason = CancelOrder(reason="Ordered by mistake.")
    cancelled = cancel_order(order.id, reason, caller=customer)
    assert cancelled.state == "cancelled"
    assert cancelled.history[-1].user_id == customer.user_id
    (event,) = events_of(order)
    assert (event["type"], event["data"]["reason"]) == ("order.cancelled", "Ordered by mistake.")
    assert event["data"]["explained"] is True


@pytest.mark.parametrize("state", sorted(set(OrderState) - cancellable(Actor.CUSTOMER)))
def test_customer_cannot_cancel_a_packed_order(state: OrderState) -> None:
    customer = a_person()
    order = an_order_in(state, customer=customer)
    with pytest.raises(StepRefused, match=f"from {state} to cancelled"):
        cancel(order, customer)
    assert_nothing_happened(order, state)


def test_order_of_another_cannot_be_cancelled() -> None:
    order = an_order_in(OrderState.PLACED)
    with pytest.raises(OrderNotFound):
        cancel(order, a_person())
    assert_nothing_happened(order, OrderState.PLACED)


def test_operator_cancels_for_a_customer() -> None:
    order = an_order_in(OrderState.PACKED)
    cancelled = cancel(order, a_person(Role.OPERATOR))
    assert cancelled.history[-1].reason == "Cancelled by the operator."
    (event,) = events_of(order)
    assert event["data"]["explained"] is False


def test_customer_sees_the_role_of_an_actor_but_not_the_person() -> None:
    customer, operator = a_person(), a_person(Role.OPERATOR)
    order = an_order_in(OrderState.CONFIRMED, customer=customer)
    update(order, OrderState.PAID, operator)
    theirs = get_order(order.id, caller=customer).history
    assert [(each.actor, each.user_id) for each in theirs] == [
        ("customer", customer.user_id),
        ("operator", None),
    ]
    assert get_order(order.id, caller=operator).history[-1].user_id == operator.user_id


# ------------------------------------------------------------------ concurrency


def tried(change: Any) -> str | None:
    """Return the state after a change, or None if it was refused."""
    try:
        return str(change().state)
    except StepRefused:
        return None


def test_of_cancelling_and_shipping_at_once_exactly_one_wins() -> None:
    for _ in range(10):
        order, operator = an_order_in(OrderState.PACKED), a_person(Role.OPERATOR)
        ship = partial(update, order, OrderState.SHIPPED, operator)
        call_off = partial(cancel, order, operator)
        outcomes = at_once([partial(tried, ship), partial(tried, call_off)] * 3)
        assert [each for each in outcomes if each] == [state_of(order)]
        assert len(events_of(order)) == 1
        assert len(Order.objects.get(pk=order.id).history) == 2


def test_step_requested_concurrently_is_taken_once() -> None:
    order = an_order_in(OrderState.CONFIRMED)
    pay = partial(update, order, OrderState.PAID, a_person(Role.OPERATOR))
    outcomes = at_once([partial(tried, pay)] * 10)
    assert outcomes.count("paid") == 1
    assert outcomes.count(None) == 9
    assert len(events_of(order)) == 1


def test_cancellation_succeeds_although_the_order_is_being_confirmed() -> None:
    for _ in range(5):
        customer = a_person()
        order = an_order(customer=customer)
        calls: list[Callable[[], object]] = [
            partial(cancel, order, customer),
            partial(confirm_order, order.id),
        ]
        at_once(calls)
        assert state_of(order) == "cancelled"
        assert "order.cancelled" in [event["type"] for event in events_of(order)]


def test_document_stays_small_with_the_longest_history() -> None:
    order, operator = an_order(), a_person(Role.OPERATOR)
    confirm_order(order.id)
    way = (
        OrderState.PAID,
        OrderState.PACKED,
        OrderState.SHIPPED,
        OrderState.DELIVERED,
        OrderState.RETURNED,
    )
    for state in way:
        update(order, state, operator, reason="x" * 500)
    document = Order.objects.get(pk=order.id)
    assert [each.state for each in document.history] == ["placed", "confirmed", *way]
    with pytest.raises(StepRefused):
        update(order, OrderState.RETURNED, operator)
    assert len(document.history) == 7
