"""No order waits for ever: the saga is settled, even if the decision is late."""

import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from tests.integration.builders import CONTEXT, Queues, a_person, an_order, at_once, state_of
from tidings.orders import settling
from tidings.orders.decisions import confirm_order, note_stock_released, reject_order
from tidings.orders.models import Order
from tidings.orders.operations import cancel_order, update_order_status
from tidings.orders.schemas import CancelOrder, OrderView, UpdateOrderStatus
from tidings.orders.settling import GIVE_UP_AFTER, TOO_LATE, settle_orders
from tidings.orders.steps import SETTLE_AFTER
from tidings.platform.context import correlated
from tidings.platform.messaging.outbox import take_stored
from tidings.platform.messaging.relay import publish_stored
from tidings.platform.security.auth import Role
from tidings.platform.timing.clock import new_id, now

NOTHING = {"orders_announced_again": 0, "orders_cancelled": 0, "orders_given_up": 0}
MOMENT = timedelta(seconds=1)


def soon() -> Any:
    """Return the time at which an order placed now has waited too long."""
    return now() + SETTLE_AFTER + MOMENT


def a_waiting_order() -> OrderView:
    """Return an order whose order.placed was published and never answered."""
    order = an_order()
    publish_away(order)
    return order


def publish_away(order: OrderView) -> list[dict[str, Any]]:
    """Return an order's waiting events, and mark them as published."""
    events = [json.loads(entry.body) for entry in Order.objects.get(pk=order.id).outbox]
    Order.objects(pk=order.id).update_one(set__outbox=[])
    take_stored()
    return events


def cancel(order: OrderView) -> None:
    cancel_order(order.id, CancelOrder(), caller=a_person(Role.OPERATOR))


def history_of(order: OrderView) -> list[tuple[str, str, str | None]]:
    return [(e.state, e.actor, e.reason) for e in Order.objects.get(pk=order.id).history]


# ----------------------------------------------------------------- in `placed`


def test_order_that_waits_long_is_announced_again_with_a_new_event() -> None:
    with correlated("request-7"):
        order = an_order()
    (first,) = publish_away(order)
    assert settle_orders(soon()) == NOTHING | {"orders_announced_again": 1}
    (second,) = publish_away(order)
    assert second["type"] == "order.placed"
    assert second["id"] != first["id"]
    assert second["data"] == first["data"]
    assert second["correlationid"] == "request-7"
    assert state_of(order) == "placed"


def test_new_order_is_ignored() -> None:
    order = a_waiting_order()
    assert settle_orders(now()) == NOTHING
    assert publish_away(order) == []


def test_order_is_announced_again_once_for_repeated_jobs() -> None:
    order = a_waiting_order()
    at = soon()
    assert settle_orders(at)["orders_announced_again"] == 1
    assert settle_orders(at) == NOTHING
    assert settle_orders(at + GIVE_UP_AFTER - MOMENT) == NOTHING
    assert len(publish_away(order)) == 1


def test_order_without_an_answer_is_cancelled_with_the_reason() -> None:
    order = a_waiting_order()
    at = soon()
    settle_orders(at)
    publish_away(order)
    assert settle_orders(at + GIVE_UP_AFTER)["orders_cancelled"] == 1
    assert history_of(order)[-1] == ("cancelled", "shop", TOO_LATE)
    events = publish_away(order)
    assert events[0]["type"] == "order.cancelled"
    assert events[0]["data"]["reason"] == TOO_LATE


def test_order_decided_meanwhile_is_not_cancelled() -> None:
    confirmed, rejected = a_waiting_order(), a_waiting_order()
    at = soon()
    confirm_order(confirmed.id)
    settle_orders(at)
    reject_order(rejected.id, reason="none left")
    assert settle_orders(at + GIVE_UP_AFTER) == NOTHING
    assert (state_of(confirmed), state_of(rejected)) == ("confirmed", "rejected")


def test_concurrent_jobs_settle_each_order_once() -> None:
    orders = [a_waiting_order() for _ in range(5)]
    at = soon()
    asked = at_once([partial(settle_orders, at)] * 4)
    assert sum(each["orders_announced_again"] for each in asked) == 5
    assert [len(publish_away(order)) for order in orders] == [1] * 5
    settled = at_once([partial(settle_orders, at + GIVE_UP_AFTER)] * 4)
    assert sum(each["orders_cancelled"] for each in settled) == 5
    assert {len(history_of(order)) for order in orders} == {2}


def test_of_settling_and_confirming_at_once_one_wins() -> None:
    for _ in range(5):
        order = a_waiting_order()
        at = soon()
        settle_orders(at)
        take_stored()
        calls: list[Callable[[], object]] = [
            partial(settle_orders, at + GIVE_UP_AFTER),
            partial(confirm_order, order.id),
        ]
        at_once(calls)
        assert len(history_of(order)) == 2
        assert state_of(order) in {"confirmed", "cancelled"}


def test_many_orders_are_settled_in_bounded_rounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = Order.objects.get(pk=a_waiting_order().id).to_mongo()
    Order._get_collection().insert_many([{**one, "_id": new_id()} for _ in range(9)])
    monkeypatch.setattr(settling, "ORDERS_PER_ROUND", 3)
    monkeypatch.setattr(settling, "MAX_ROUNDS", 2)
    at = soon()
    assert [settle_orders(at)["orders_announced_again"] for _ in range(3)] == [6, 4, 0]


# ------------------------------------------------------------- after cancelling


def test_cancelled_order_with_released_stock_waits_for_nothing() -> None:
    order = a_waiting_order()
    cancel(order)
    publish_away(order)
    note_stock_released(order.id)
    assert Order.objects.get(pk=order.id).stock_released_at is not None
    assert settle_orders(soon()) == NOTHING
    assert publish_away(order) == []


def test_release_is_recorded_once() -> None:
    order = a_waiting_order()
    cancel(order)
    note_stock_released(order.id)
    first = Order.objects.get(pk=order.id).stock_released_at
    note_stock_released(order.id)
    assert Order.objects.get(pk=order.id).stock_released_at == first


def test_release_of_an_order_that_is_not_cancelled_is_not_recorded() -> None:
    order = a_waiting_order()
    note_stock_released(order.id)
    assert Order.objects.get(pk=order.id).stock_released_at is None
    with pytest.raises(LookupError):
        note_stock_released(new_id())


def test_cancellation_without_an_answer_is_announced_again_and_then_left_to_an_operator() -> None:
    order = a_waiting_order()
    cancel(order)
    (first,) = publish_away(order)
    at = soon()
    assert settle_orders(at) == NOTHING | {"orders_announced_again": 1}
    (again,) = publish_away(order)
    assert (again["id"], again["data"], again["time"]) == (
        first["id"],
        first["data"],
        first["time"],
    )
    assert settle_orders(at + GIVE_UP_AFTER) == NOTHING | {"orders_given_up": 1}
    assert settle_orders(at + 2 * GIVE_UP_AFTER) == NOTHING
    assert publish_away(order) == []


def test_release_is_requested_again_even_if_the_order_was_announced_before() -> None:
    order = a_waiting_order()
    at = soon()
    settle_orders(at)
    assert settle_orders(at + GIVE_UP_AFTER)["orders_cancelled"] == 1
    publish_away(order)
    assert settle_orders(at + GIVE_UP_AFTER)["orders_announced_again"] == 1
    assert [event["type"] for event in publish_away(order)] == ["order.cancelled"]


def test_stock_reserved_after_the_cancellation_is_released() -> None:
    order = a_waiting_order()
    cancel(order)
    (first,) = publish_away(order)
    confirm_order(order.id)  # inventory.reserved, late
    assert state_of(order) == "cancelled"
    (again,) = publish_away(order)
    assert (again["type"], again["id"]) == ("order.cancelled", first["id"])


def test_decision_after_settling_releases_the_stock() -> None:
    order = a_waiting_order()
    at = soon()
    settle_orders(at)
    settle_orders(at + GIVE_UP_AFTER)
    publish_away(order)
    confirm_order(order.id)
    assert [event["type"] for event in publish_away(order)] == ["order.cancelled"]


def test_rejection_after_the_cancellation_changes_nothing() -> None:
    order = a_waiting_order()
    cancel(order)
    publish_away(order)
    reject_order(order.id, reason="none left")
    assert state_of(order) == "cancelled"
    assert publish_away(order) == []


def test_late_decision_on_a_later_state_changes_nothing() -> None:
    order = a_waiting_order()
    confirm_order(order.id)
    paid = UpdateOrderStatus.model_validate({"state": "paid"})
    update_order_status(order.id, paid, caller=a_person(Role.OPERATOR))
    publish_away(order)
    confirm_order(order.id)
    assert state_of(order) == "paid"
    assert publish_away(order) == []


# ------------------------------------------------------------ through the broker


def test_customer_is_notified_once_of_a_cancellation(queues: Queues) -> None:
    from notifications import notifications

    from tidings.delivery.models import Notification

    order = a_waiting_order()
    cancel(order)
    publish_stored()
    confirm_order(order.id)  # announces the cancellation again
    publish_stored()
    messages = queues.take("notifications", 2)
    for message in messages:
        notifications.handler(queues.event_of("notifications", [message]), CONTEXT)
    (told,) = Notification.objects(user_id=order.customer_id)
    assert (told.kind, told.subject_id) == ("order.cancelled", order.id)


def test_customer_is_notified_of_each_change_once(queues: Queues) -> None:
    from notifications import notifications

    from tidings.delivery.models import Notification

    order, operator = a_waiting_order(), a_person(Role.OPERATOR)
    confirm_order(order.id)
    publish_away(order)
    shipment = {"carrier": "DHL", "tracking_number": "JD0146"}
    for content in ({"state": "paid"}, {"state": "packed"}, {"state": "shipped"} | shipment):
        update_order_status(order.id, UpdateOrderStatus.model_validate(content), caller=operator)
    publish_stored()
    event = queues.event_of("notifications", queues.take("notifications", 3))
    notifications.handler(event, CONTEXT)
    notifications.handler(event, CONTEXT)
    told = Notification.objects(user_id=order.customer_id).order_by("pk")
    assert [each.title for each in told] == [
        "Your payment has arrived",
        "Your order is packed",
        "Your order is on its way",
    ]
    assert "DHL" in told[2].body
    assert "JD0146" in told[2].body
