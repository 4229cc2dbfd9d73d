"""An order is confirmed or rejected once."""

from functools import partial

import pytest

from tests.integration.builders import an_order, at_once, state_of
from tidings.orders.decisions import confirm_order, reject_order
from tidings.orders.models import Order
from tidings.orders.schemas import OrderView
from tidings.platform.messaging.outbox import take_stored
from tidings.platform.timing.clock import new_id


def stored_events(order: OrderView) -> list[str]:
    return [entry.type for entry in Order.objects.get(pk=order.id).outbox]


def history(order: OrderView) -> list[tuple[str, str | None]]:
    return [(step.state, step.reason) for step in Order.objects.get(pk=order.id).history]


def test_order_is_confirmed() -> None:
    order = an_order()
    confirm_order(order.id)
    assert state_of(order) == "confirmed"
    assert history(order) == [("placed", None), ("confirmed", None)]
    assert stored_events(order) == ["order.placed", "order.confirmed"]


def test_order_is_rejected_with_its_reason() -> None:
    order = an_order()
    reject_order(order.id, reason="none left")
    assert history(order) == [("placed", None), ("rejected", "none left")]
    assert stored_events(order) == ["order.placed", "order.rejected"]


def test_second_decision_changes_nothing() -> None:
    order = an_order()
    confirm_order(order.id)
    take_stored()
    confirm_order(order.id)
    assert history(order) == [("placed", None), ("confirmed", None)]
    assert stored_events(order) == ["order.placed", "order.confirmed"]
    assert take_stored() == []


def test_first_decision_is_kept() -> None:
    confirmed, rejected = an_order(), an_order()
    confirm_order(confirmed.id)
    reject_order(confirmed.id, reason="too late")
    reject_order(rejected.id, reason="none left")
    confirm_order(rejected.id)
    assert (state_of(confirmed), state_of(rejected)) == ("confirmed", "rejected")
    assert stored_events(confirmed)[-1:] == ["order.confirmed"]
    assert stored_events(rejected)[-1:] == ["order.rejected"]


def test_decision_that_arrives_before_its_order_is_retried() -> None:
    unknown = new_id()
    with pytest.raises(LookupError, match=unknown):
        confirm_order(unknown)
    with pytest.raises(LookupError, match=unknown):
        reject_order(unknown, reason="none left")
    assert Order.objects(pk=unknown).count() == 0


def test_of_two_decisions_at_once_one_wins() -> None:
    for _ in range(5):
        order = an_order()
        confirm = partial(confirm_order, order.id)
        reject = partial(reject_order, order.id, reason="none left")
        at_once([confirm, reject] * 5)
        assert len(history(order)) == 2
        assert stored_events(order) == ["order.placed", f"order.{state_of(order)}"]
