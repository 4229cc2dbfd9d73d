"""Each open order's customer is notified once a day."""

import contextvars
import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from orders.announce_order_statuses import handler as announce_order_statuses
from orders.daily_order_status import handler as daily_order_status

from tests.integration.builders import CONTEXT, Queues, an_order, an_order_in, at_once
from tidings.orders import daily_status
from tidings.orders.daily_status import announce_status_due
from tidings.orders.decisions import confirm_order, reject_order
from tidings.orders.models import Order
from tidings.orders.states import OPEN_STATES, OrderState
from tidings.platform.messaging.broker import BrokerUnavailable
from tidings.platform.messaging.outbox import Stored, take_stored
from tidings.platform.messaging.relay import publish_stored
from tidings.platform.timing.clock import new_id, now

AN_EVENT = {"id": "rule-1", "time": "2099-01-01T09:00:00Z"}
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
def test_open_orders_of_every_state_are_announced(state: OrderState) -> None:
    an_order_in(state)
    assert announce_status_due(TOMORROW) == (state in OPEN_STATES)


def test_orders_that_are_not_open_are_ignored() -> None:
    an_order()
    rejected = an_order()
    reject_order(rejected.id, reason="none left")
    assert announce_status_due(TOMORROW) == 0


def test_order_newer_than_the_run_waits_for_tomorrow() -> None:
    confirmed_orders(1)
    assert announce_status_due(now() - timedelta(minutes=1)) == 0


def test_many_orders_are_announced_in_chunks(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daily_status, "ORDERS_PER_CHUNK", 20)
    orders = confirmed_orders(50)
    assert daily_order_status(AN_EVENT, CONTEXT) == {"orders_announced": 20}
    for _ in range(2):
        (command,) = queues.take("order_statuses.queue", 1)
        announce_order_statuses(queues.event_of("order_statuses.queue", [command]), CONTEXT)
    assert queues.is_empty("order_statuses.queue")
    told = Counter(each.event["subject"] for each in queues.take("order_updates_queue", 50))
    assert told == dict.fromkeys(orders, 1)


def test_repeated_chunk_announces_nothing_twice(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daily_status, "ORDERS_PER_CHUNK", 20)
    orders = confirmed_orders(30)
    daily_order_status(AN_EVENT, CONTEXT)
    (command,) = queues.take("order_statuses.queue", 1)
    event = queues.event_of("order_statuses.queue", [command])
    for _ in range(3):
        announce_order_statuses(event, CONTEXT)
    told = Counter(each.event["subject"] for each in queues.take("order_updates_queue", 30))
    assert told == dict.fromkeys(orders, 1)


def test_retried_job_announces_the_remaining_orders(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker was unavailable when the next chunk was requested."""
    monkeypatch.setattr(daily_status, "ORDERS_PER_CHUNK", 20)
    orders = confirmed_orders(30)

    def out_of_reach(_: object) -> None:
        raise BrokerUnavailable("RabbitMQ is out of reach.")

    with monkeypatch.context() as patch:
        patch.setattr(daily_status, "publish_now", out_of_reach)
        with pytest.raises(BrokerUnavailable):
            daily_order_status(AN_EVENT, CONTEXT)
    assert daily_order_status(AN_EVENT, CONTEXT) == {"orders_announced": 10}
    told = Counter(each.event["subject"] for each in queues.take("order_updates_queue", 30))
    assert told == dict.fromkeys(orders, 1)


def test_concurrent_runs_announce_each_order_once() -> None:
    orders = confirmed_orders(40)

    def run() -> list[Stored]:
        def announce() -> list[Stored]:
            announce_status_due(TOMORROW)
            return take_stored()

        return contextvars.Context().run(announce)

    stored = [each for noted in at_once([run] * 4) for each in noted]
    assert announced_orders(stored) == dict.fromkeys(orders, 1)
    assert Counter(len(order.outbox) for order in Order.objects) == {1: 40}


def test_order_that_ended_meanwhile_is_not_announced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only stored events may be published: the outbox is the only source of events."""
    (order_id,) = confirmed_orders(1)
    found = daily_status._not_announced

    def then_announced_by_another(*arguments: datetime) -> list[Order]:
        orders = found(*arguments)
        Order.objects(pk=order_id).update_one(set__status_announced_for=TOMORROW)
        return orders

    monkeypatch.setattr(daily_status, "_not_announced", then_announced_by_another)
    assert announce_status_due(TOMORROW) == 0
    assert announced_orders(take_stored()) == {}


def test_daily_event_has_a_queue_of_its_own(queues: Queues) -> None:
    confirmed_orders(3)
    announce_status_due(TOMORROW)
    publish_stored()
    queues.take("order_updates_queue", 3)
    assert queues.is_empty("notifications")
    assert sum(len(order.outbox) for order in Order.objects) == 0
