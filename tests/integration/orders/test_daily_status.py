"""Each open order's customer hears of it once a day."""

import contextvars
import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.builders import Queues, an_order, an_order_in, at_once
from tidings.orders import daily_status
from tidings.orders.daily_status import announce_status_due
from tidings.orders.decisions import confirm_order, reject_order
from tidings.orders.models import Order
from tidings.orders.states import OPEN_STATES, OrderState
from tidings.platform.clock import new_id, now
from tidings.platform.outbox import Stored, take_stored
from tidings.platform.relay import publish_stored

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).replace(hour=9, minute=0, second=0)


def confirmed_orders(count: int) -> list[str]:
    first = an_order()
    confirm_order(first.id)
    one = Order.objects.get(pk=first.id).to_mongo()
    copies = [{**one, "_id": new_id()} for _ in range(count - 1)]
    if copies:
        Order._get_collection().insert_many(copies)
    Order.objects.update(set__outbox=[])
    take_stored()
    return [order.id for order in Order.objects]


def announced_orders(stored: list[Stored]) -> Counter[str]:
    return Counter(
        each.document_id
        for each in stored
        for entry in each.entries
        if entry.type == "order.status_due"
    )


def test_confirmed_order_is_announced() -> None:
    (order_id,) = confirmed_orders(1)
    assert announce_status_due(TOMORROW) == 1
    (entry,) = Order.objects.get(pk=order_id).outbox
    event = json.loads(entry.body)
    assert event["type"] == "order.status_due"
    assert event["data"]["state"] == "confirmed"
    assert event["data"]["day"] == TOMORROW.date().isoformat()


def test_order_is_announced_once_a_day() -> None:
    confirmed_orders(2)
    assert announce_status_due(TOMORROW) == 2
    assert announce_status_due(TOMORROW) == 0
    assert announce_status_due(TOMORROW + timedelta(hours=3)) == 0
    assert sum(len(order.outbox) for order in Order.objects) == 2


def test_order_is_announced_again_the_next_day() -> None:
    confirmed_orders(1)
    announce_status_due(TOMORROW)
    assert announce_status_due(TOMORROW + timedelta(days=1)) == 1


def test_late_run_for_an_earlier_day_announces_nothing_again() -> None:
    confirmed_orders(1)
    announce_status_due(TOMORROW + timedelta(days=1))
    assert announce_status_due(TOMORROW) == 0


@pytest.mark.parametrize("state", OrderState)
def test_customers_of_open_orders_hear_of_them_whatever_the_state(state: OrderState) -> None:
    an_order_in(state)
    assert announce_status_due(TOMORROW) == (state in OPEN_STATES)


def test_orders_that_are_not_open_are_left_alone() -> None:
    an_order()
    rejected = an_order()
    reject_order(rejected.id, reason="none left")
    assert announce_status_due(TOMORROW) == 0


def test_order_younger_than_the_run_waits_for_tomorrow() -> None:
    confirmed_orders(1)
    assert announce_status_due(now() - timedelta(minutes=1)) == 0


def test_many_orders_are_announced_round_by_round(monkeypatch: pytest.MonkeyPatch) -> None:
    assert daily_status.ORDERS_PER_ROUND < 450
    orders = confirmed_orders(450)
    assert announce_status_due(TOMORROW) == 450
    assert announced_orders(take_stored()) == dict.fromkeys(orders, 1)


def test_runs_at_once_announce_each_order_once() -> None:
    orders = confirmed_orders(40)

    def run() -> list[Stored]:
        def announce() -> list[Stored]:
            announce_status_due(TOMORROW)
            return take_stored()

        return contextvars.Context().run(announce)

    stored = [each for noted in at_once([run] * 4) for each in noted]
    assert announced_orders(stored) == dict.fromkeys(orders, 1)
    assert Counter(len(order.outbox) for order in Order.objects) == {1: 40}


def test_order_that_was_decided_meanwhile_is_not_announced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only what is stored may be published: the outbox is the one source of events."""
    (order_id,) = confirmed_orders(1)
    found = daily_status._not_announced

    def then_announced_by_another(*arguments: datetime) -> list[Order]:
        orders = found(*arguments)
        Order.objects(pk=order_id).update_one(set__status_announced_for=TOMORROW)
        return orders

    monkeypatch.setattr(daily_status, "_not_announced", then_announced_by_another)
    assert announce_status_due(TOMORROW) == 0
    assert announced_orders(take_stored()) == {}


def test_daily_word_has_a_queue_of_its_own(queues: Queues) -> None:
    confirmed_orders(3)
    announce_status_due(TOMORROW)
    publish_stored()
    queues.take("order_updates_queue", 3)
    assert queues.is_empty("notifications")
    assert sum(len(order.outbox) for order in Order.objects) == 0
