"""The explanation of an order: its events, their notifications, and what failed."""

import json
from typing import Any

import pytest

from tests.integration.builders import (
    Queues,
    a_product,
    a_reader,
    an_order,
)
from tests.integration.monitoring.builders import OPERATOR, a_dead_letter
from tests.integration.notifications.builders import Provider, some_content
from tests.integration.orders.order_path import customers, requests, walk
from tests.unit.platform.builders import order_placed
from tidings.delivery.models import Notification
from tidings.monitoring.explaining import operations
from tidings.monitoring.explaining.operations import explain_order
from tidings.monitoring.explaining.schemas import ExplainedEvent, Explanation
from tidings.monitoring.failed_messages import store_failed_messages
from tidings.notifications.creating import create_notifications
from tidings.notifications.notifying import notify
from tidings.orders.decisions import confirm_order, reject_order
from tidings.orders.errors import OrderNotFound
from tidings.orders.events import OrderCancelled, OrderConfirmed, OrderStatusChanged
from tidings.orders.models import Order
from tidings.orders.operations import cancel_order, update_order_status
from tidings.orders.schemas import CancelOrder, OrderView, UpdateOrderStatus
from tidings.platform.context import correlated
from tidings.platform.errors import Forbidden
from tidings.platform.messaging import outbox
from tidings.platform.security.auth import Principal
from tidings.platform.timing.clock import new_id
from tidings.products.stock import release_stock, reserve_stock
from tidings.users.operations import delete_account

EVENTS: dict[str, Any] = {
    "order.confirmed": OrderConfirmed,
    "order.cancelled": OrderCancelled,
    "order.status_changed": OrderStatusChanged,
}


def explained(order_id: str) -> Explanation:
    return explain_order(order_id, caller=OPERATOR)


def codes(found: Explanation) -> list[str]:
    return [each.code for each in found.steps if each.channel is None]


def notes(found: Explanation) -> set[str]:
    return {each.code for each in found.notes}


def of(found: Explanation, event_type: str) -> list[ExplainedEvent]:
    return [each for each in found.events if each.type == event_type]


def handled(order_id: str) -> None:
    """Handle the events in the outbox of an order as the consumer `notifications` does."""
    for entry in Order.objects.get(pk=order_id).outbox:
        if entry.type in EVENTS:
            notify(EVENTS[entry.type].model_validate_json(entry.body))
    Order.objects(pk=order_id).update_one(set__outbox=[])


def confirmed(customer: Principal) -> OrderView:
    order = an_order(customer=customer)
    confirm_order(order.id)
    handled(order.id)
    return order


# ------------------------------------------------------------------------- the whole


def test_order_is_followed_from_its_request_to_the_providers_receipt(
    queues: Queues, commands: list[str], keys: object, provider: Provider
) -> None:
    outbox.take_stored()
    buyers = customers(1)
    walk(requests(buyers, [a_product(), a_product()], 1), queues, commands)
    order = Order.objects.get(customer_id=buyers[0].user_id)
    notification = Notification.objects.get(subject_id=order.id)

    found = explained(order.id)

    stored = ["order.placed", "stock.reserved", "order.confirmed", "notification.stored"]
    assert codes(found) == stored
    assert [each.type for each in found.events] == ["order.placed", "order.confirmed"]
    (event,) = of(found, "order.confirmed")
    assert event.event_id == notification.event_id
    (told,) = event.notifications
    assert told.notification_id == notification.id
    outcomes = {each.channel: each.status for each in told.channels}
    assert outcomes == {
        "inbox": "delivered",
        "email": "sent",
        "push": "suppressed",
        "sms": "not_addressed",
        "webhook": "not_addressed",
    }
    mail = [each for each in found.steps if each.channel == "email"]
    assert [each.code.removeprefix("delivery.") for each in mail] == ["queued", "sending", "sent"]
    assert mail[-1].provider == "stand-in"
    assert {each.correlation_id for each in found.steps} == {order.correlation_id}
    made = {each.code: (each.function, each.queue) for each in found.steps}
    assert made["stock.reserved"] == ("inventory", "inventory")
    assert made["order.confirmed"] == ("orders", "orders")
    assert made["delivery.sent"] == ("deliver-email", "email.queue")
    assert found.complete
    assert notes(found) == {"duplicates_not_recorded", "attempts_for_a_day"}


# -------------------------------------------------------------------------- one part


def test_rejected_order_has_the_inventorys_reason() -> None:
    order = an_order(a_product(stock=1), quantity=2)
    stored = Order.objects.get(pk=order.id)
    reserve_stock(order.id, stored.items)
    reject_order(order.id, reason="Not enough pieces.")
    found = explained(order.id)
    reasons = {each.code: each.reason for each in found.steps}
    assert reasons["stock.rejected"] == reasons["order.rejected"] == "not_enough_stock"


def test_cancellation_names_the_actor_without_the_persons_words() -> None:
    customer = a_reader()
    order = confirmed(customer)
    reserve_stock(order.id, Order.objects.get(pk=order.id).items)
    cancel_order(order.id, CancelOrder(reason="My aunt Zelda died."), caller=customer)
    handled(order.id)
    release_stock(order.id)
    found = explained(order.id)
    (step,) = [each for each in found.steps if each.code == "order.cancelled"]
    assert step.reason == "by_customer"
    assert "Zelda" not in found.model_dump_json()
    assert "stock.released" in codes(found)
    (event,) = of(found, "order.cancelled")
    assert [each.kind for each in event.notifications] == ["order.cancelled"]


def test_each_change_has_its_own_event_request_and_notification() -> None:
    order = confirmed(a_reader())
    for state in ("paid", "packed"):
        with correlated(f"request-{state}", None):
            wanted = UpdateOrderStatus.model_validate({"state": state})
            update_order_status(order.id, wanted, caller=OPERATOR)
        handled(order.id)
    found = explained(order.id)
    changed = of(found, "order.status_changed")
    assert [each.correlation_id for each in changed] == ["request-paid", "request-packed"]
    assert len({each.event_id for each in changed}) == 2
    assert [len(each.notifications) for each in changed] == [1, 1]


def test_event_that_is_not_published_waits_in_the_outbox() -> None:
    order = an_order()
    found = explained(order.id)
    assert codes(found) == ["order.placed", "event.waits"]
    assert "waits_for_stock" in notes(found)


def test_event_without_a_notification_is_noted() -> None:
    order = an_order()
    confirm_order(order.id)
    found = explained(order.id)
    assert "no_notification" in notes(found)
    assert "account_deleted" not in notes(found)


def test_notifications_of_a_deleted_account_are_erased_and_that_is_said() -> None:
    customer = a_reader()
    order = confirmed(customer)
    delete_account(customer.user_id, caller=customer)
    Notification.objects(user_id=customer.user_id).delete()
    assert "account_deleted" in notes(explained(order.id))


def test_message_that_failed_on_the_way_is_a_step() -> None:
    order = an_order()
    body = order_placed(id=new_id())
    body["data"]["order_id"] = order.id
    letter = a_dead_letter(body=json.dumps(body).encode())
    store_failed_messages([letter])
    found = explained(order.id)
    failed = [each for each in found.steps if each.failed_message_id == letter.key]
    assert [each.code for each in failed] == ["message.attempt_failed", "message.failed"]
    assert failed[0].function == "inventory"
    assert failed[1].sentence.endswith("became a failed message, which waits for an operator.")


def test_older_order_is_explained_by_kinds_and_says_what_was_not_recorded() -> None:
    order = confirmed(a_reader())
    for state in ("paid", "packed"):
        wanted = UpdateOrderStatus.model_validate({"state": state})
        update_order_status(order.id, wanted, caller=OPERATOR)
        handled(order.id)
    for place in range(4):
        forget = {f"history.{place}.event_id": 1, f"history.{place}.correlation_id": 1}
        Order._get_collection().update_one({"_id": order.id}, {"$unset": forget})
    found = explained(order.id)
    placed, *rest = found.events
    assert placed.event_id is None
    assert [len(each.notifications) for each in rest] == [1, 1, 1]
    kinds = [each.notifications[0].kind for each in rest]
    assert kinds == ["order.confirmed", "order.status_changed", "order.status_changed"]
    assert all(each.event_id for each in rest)
    assert "event_id_not_recorded" in notes(found)


def test_daily_status_is_an_event_of_its_own() -> None:
    customer = a_reader()
    order = confirmed(customer)
    content = some_content(
        kind="order.status_update",
        template_code="order_status_update",
        subject_id=order.id,
        variables={"order_id": order.id, "state": "confirmed", "day": "2026-11-30"},
    )
    create_notifications([customer.user_id], content)
    found = explained(order.id)
    (event,) = of(found, "order.status_due")
    assert event.event_id == content.event_id
    (step,) = [each for each in found.steps if each.reason == "order.status_due"]
    assert step.queue == "order_updates_queue"


# ---------------------------------------------------------------- limits and refusals


def test_long_explanation_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    order = confirmed(a_reader())
    whole = explained(order.id)
    assert whole.complete
    monkeypatch.setattr(operations, "MAX_STEPS", 3)
    found = explained(order.id)
    assert found.steps == whole.steps[:3]
    assert not found.complete
    assert "left_out" in notes(found)


def test_notifications_beyond_the_limit_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    customer = a_reader()
    order = confirmed(customer)
    cancel_order(order.id, CancelOrder.model_validate({}), caller=customer)
    handled(order.id)
    monkeypatch.setattr(operations, "MAX_NOTIFICATIONS", 1)
    found = explained(order.id)
    assert [len(each.notifications) for each in found.events] == [0, 1, 0]
    assert not found.complete


def test_number_of_database_commands_does_not_grow_with_the_notifications(
    commands: list[str],
) -> None:
    customer = a_reader()
    order = confirmed(customer)
    cancel_order(order.id, CancelOrder.model_validate({}), caller=customer)
    handled(order.id)
    commands.clear()
    assert explained(order.id).complete
    assert commands == ["find"] * 6


def test_customer_may_not_explain_the_own_order() -> None:
    customer = a_reader()
    order = an_order(customer=customer)
    with pytest.raises(Forbidden):
        explain_order(order.id, caller=customer)


def test_unknown_order_is_not_found() -> None:
    with pytest.raises(OrderNotFound):
        explained(new_id())
