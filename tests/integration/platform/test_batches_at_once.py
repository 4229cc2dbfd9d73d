"""Batches that are handled at once: killed at any write, in two processes, with a bad message."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from notifications import notifications as notifications_function
from orders import orders as orders_function
from products import inventory as inventory_function
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from recommendations import recommendations as recommendations_function

from tests.integration.builders import (
    CONTEXT,
    Queues,
    Taken,
    a_product,
    a_reader,
    an_order,
    at_once,
    stock_of,
)
from tests.waiting import eventually
from tidings.delivery.models import Notification
from tidings.monitoring.relay import OUTBOX_DOCUMENTS
from tidings.notifications import drafting
from tidings.orders.models import Order
from tidings.orders.operations import cancel_order
from tidings.orders.schemas import CancelOrder, OrderView
from tidings.platform.entry import consumer as frame
from tidings.platform.entry.invocation import LambdaEvent
from tidings.platform.messaging import outbox, relay
from tidings.platform.messaging.outbox import take_stored
from tidings.platform.messaging.relay import publish_stored, relay_left_behind
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import new_id
from tidings.products.models import Product, Reservation, StockMovement
from tidings.products.schemas import ProductView
from tidings.recommendations.models import Activity, CustomerProfile, Demand
from tidings.recommendations.weights import weight
from tidings.users.models import User

MANY = 50
Handler = Callable[[LambdaEvent, Any], None]
WRITES = ("insert_one", "insert_many", "update_one", "update_many", "bulk_write")
WRITES_IN_BATCH = 8


class Killed(BaseException):
    """Raised like a kill of the process: no error handler runs."""


@pytest.fixture(autouse=True)
def relay_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "LEFT_BEHIND_AFTER", timedelta(seconds=-1))


def kill_after_writes(number: int, handler: Handler, event: LambdaEvent) -> None:
    """Invoke a function whose process is killed after its n-th write or commit."""
    done = 0

    def counted(write: Callable[..., Any]) -> Callable[..., Any]:
        def dying(*arguments: Any, **options: Any) -> Any:
            nonlocal done
            result = write(*arguments, **options)
            done += 1
            if done == number:
                raise Killed
            return result

        return dying

    def die() -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        for each in WRITES:
            patch.setattr(Collection, each, counted(getattr(Collection, each)))
        patch.setattr(Collection, "find_one_and_update", counted(Collection.find_one_and_update))
        patch.setattr(
            ClientSession, "commit_transaction", counted(ClientSession.commit_transaction)
        )
        patch.setattr(frame, "publish_stored", die)
        with pytest.raises(Killed):
            handler(event, CONTEXT)
    take_stored()  # the state of the killed process


def killed_at_each_write(handler: Handler, event: LambdaEvent) -> None:
    """Deliver a batch to functions that are killed later each time, and then twice completely."""
    for number in range(1, WRITES_IN_BATCH + 1):
        kill_after_writes(number, handler, event)
    handler(event, CONTEXT)
    handler(event, CONTEXT)
    relay_left_behind(OUTBOX_DOCUMENTS, seconds=60)


def in_two_processes(handler: Handler, event: LambdaEvent) -> None:
    """Let two environments handle the same batch at the same time; the relay publishes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frame, "publish_stored", outbox.take_stored)
        at_once([partial(handler, event, CONTEXT)] * 2)
    relay_left_behind(OUTBOX_DOCUMENTS, seconds=60)


BOTH_WAYS = pytest.mark.parametrize("deliver", [killed_at_each_write, in_two_processes])
Deliver = Callable[[Handler, LambdaEvent], None]


def orders_of(product: ProductView, number: int = MANY) -> list[OrderView]:
    customer = a_reader()
    orders = [an_order(product, customer=customer) for _ in range(number)]
    publish_stored()
    return orders


def taken_through(queues: Queues, queue: str, handler: Handler, number: int) -> None:
    handler(queues.event_of(queue, queues.take(queue, number)), CONTEXT)


def subjects(taken: Sequence[Taken]) -> set[str]:
    return {each.event["data"]["order_id"] for each in taken}


@BOTH_WAYS
def test_stock_is_reserved_once(deliver: Deliver, queues: Queues) -> None:
    product = a_product(stock=100)
    orders = orders_of(product, 10)
    deliver(inventory_function.handler, queues.event_of("inventory", queues.take("inventory", 10)))
    assert stock_of(product) == 90
    assert Reservation.objects(state="reserved").count() == 10
    left = sorted(each.stock_after for each in StockMovement.objects(order_id__ne=None))
    assert left == list(range(90, 100))
    told = eventually(lambda: queues.take_all("orders"), what="decisions")
    assert subjects(told) == {each.id for each in orders}
    assert len({each.message_id for each in told}) == 10


@BOTH_WAYS
def test_orders_are_confirmed_once(deliver: Deliver, queues: Queues) -> None:
    orders = orders_of(a_product(stock=100), 10)
    taken_through(queues, "inventory", inventory_function.handler, 10)
    deliver(orders_function.handler, queues.event_of("orders", queues.take("orders", 10)))
    assert [each.state for each in Order.objects] == ["confirmed"] * 10
    assert all(len(each.history) == 2 and each.settle_at is None for each in Order.objects)
    told = eventually(lambda: queues.take_all("notifications"), what="confirmations")
    assert subjects(told) == {each.id for each in orders}
    assert len({each.message_id for each in told}) == 10


@BOTH_WAYS
def test_people_are_notified_once(deliver: Deliver, queues: Queues) -> None:
    orders = orders_of(a_product(stock=100), 10)
    taken_through(queues, "inventory", inventory_function.handler, 10)
    taken_through(queues, "orders", orders_function.handler, 10)
    event = queues.event_of("notifications", queues.take("notifications", 10))
    deliver(notifications_function.handler, event)
    assert {each.subject_id for each in Notification.objects} == {each.id for each in orders}
    assert Notification.objects.count() == 10
    commands = eventually(lambda: queues.take_all("email.queue"), what="delivery commands")
    assert len({each.message_id for each in commands}) == 10
    correlations = {each.correlation_id for each in orders}
    assert {each.correlation_id for each in commands} == correlations


@BOTH_WAYS
def test_purchases_are_counted_once(deliver: Deliver, queues: Queues) -> None:
    product = a_product(stock=100)
    customers = [a_reader() for _ in range(5)]
    for each in [*customers, *customers]:
        an_order(product, customer=each)
    publish_stored()
    taken_through(queues, "inventory", inventory_function.handler, 10)
    taken_through(queues, "orders", orders_function.handler, 10)
    handler = recommendations_function.handler
    deliver(handler, queues.event_of("recommendations", queues.take("recommendations", 10)))
    assert Activity.objects.count() == 10
    activities = {
        each.event["subject"]: each
        for each in eventually(lambda: queues.take_all("recommendations"), what="activities")
    }
    deliver(handler, queues.event_of("recommendations", list(activities.values())))
    assert {each.id for each in Activity.objects(counted=True)} == activities.keys()
    firsts = [min(each.at for each in Activity.objects(user_id=c.user_id)) for c in customers]
    demand = Demand.objects.get(pk=product.id)
    assert demand.bought == pytest.approx(sum(weight("bought", each) for each in firsts))
    profiles = CustomerProfile.objects(pk__in=[each.user_id for each in customers])
    assert [[each.product_id for each in profile.bought] for profile in profiles] == [
        [product.id]
    ] * 5
    assert all(profile.computed_at for profile in profiles)


def test_last_pieces_go_to_the_first_orders_and_the_others_are_rejected(queues: Queues) -> None:
    product = a_product(stock=7)
    orders = orders_of(product, 10)
    taken_through(queues, "inventory", inventory_function.handler, 10)
    assert stock_of(product) == 0
    states = {each.id: each.state for each in Reservation.objects}
    assert [states[each.id] for each in orders] == ["reserved"] * 7 + ["rejected"] * 3
    decided = queues.take("orders", 10)
    orders_function.handler(queues.event_of("orders", decided), CONTEXT)
    by_id = {each.id: each.state for each in Order.objects}
    assert [by_id[each.id] for each in orders] == ["confirmed"] * 7 + ["rejected"] * 3
    (sold_out,) = (
        each
        for each in queues.take("notifications", 11)
        if each.event["type"] == "product.out_of_stock"
    )
    assert sold_out.event["subject"] == product.id
    assert sold_out.event["causationid"]


def test_order_that_is_cancelled_in_the_same_batch_returns_its_stock(queues: Queues) -> None:
    product = a_product(stock=100)
    orders = orders_of(product, 4)
    operator = Principal(user_id=new_id(), role=Role.OPERATOR)
    cancel_order(orders[0].id, CancelOrder(reason="By mistake."), caller=operator)
    publish_stored()
    taken_through(queues, "inventory", inventory_function.handler, 5)
    assert stock_of(product) == 97
    assert Reservation.objects.get(pk=orders[0].id).state == "released"


def test_stock_that_another_takes_meanwhile_leads_to_single_decisions(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = a_product(stock=5)
    orders_of(product, 4)
    insert_many = Collection.insert_many

    def after_another(*arguments: Any, **options: Any) -> Any:
        monkeypatch.setattr(Collection, "insert_many", insert_many)
        Product.objects(pk=product.id).update_one(set__stock=2)
        return insert_many(*arguments, **options)

    monkeypatch.setattr(Collection, "insert_many", after_another)
    taken_through(queues, "inventory", inventory_function.handler, 4)
    assert stock_of(product) == 0
    states = sorted(each.state for each in Reservation.objects)
    assert states == ["rejected", "rejected", "reserved", "reserved"]


def test_decision_on_a_missing_order_waits_alone_among_fifty(queues: Queues) -> None:
    orders = orders_of(a_product(stock=100))
    taken_through(queues, "inventory", inventory_function.handler, MANY)
    Order.objects(pk=orders[7].id).delete()
    taken_through(queues, "orders", orders_function.handler, MANY)
    assert Order.objects(state="confirmed").count() == MANY - 1
    assert subjects(queues.take("notifications", MANY - 1)) == {
        each.id for each in orders if each.id != orders[7].id
    }
    (back,) = eventually(lambda: queues.take_all("orders"), what="the retry")
    assert back.event["data"]["order_id"] == orders[7].id


def test_person_who_cannot_be_read_waits_alone_among_fifty(queues: Queues) -> None:
    product, poisoned = a_product(stock=100), a_reader()
    orders_of(product, MANY - 1)
    an_order(product, customer=poisoned)
    publish_stored()
    taken_through(queues, "inventory", inventory_function.handler, MANY)
    taken_through(queues, "orders", orders_function.handler, MANY)
    users = User._get_collection()
    users.update_one({"_id": poisoned.user_id}, {"$set": {"preferences": {"orders": 7}}})
    taken_through(queues, "notifications", notifications_function.handler, MANY)
    assert Notification.objects.count() == MANY - 1
    (back,) = eventually(lambda: queues.take_all("notifications"), what="the retry")
    assert back.event["data"]["customer_id"] == poisoned.user_id


def test_message_that_cannot_be_rendered_does_not_make_the_others_single(
    queues: Queues, monkeypatch: pytest.MonkeyPatch, commands: list[str]
) -> None:
    orders = orders_of(a_product(stock=100), 10)
    taken_through(queues, "inventory", inventory_function.handler, 10)
    taken_through(queues, "orders", orders_function.handler, 10)
    draft = drafting.draft

    def failing(contact: Any, content: Any, *more: Any, **options: Any) -> Any:
        if content.subject_id == orders[3].id:
            raise ZeroDivisionError
        return draft(contact, content, *more, **options)

    monkeypatch.setattr("tidings.notifications.creating.draft", failing)
    event = queues.event_of("notifications", queues.take("notifications", 10))
    commands.clear()
    notifications_function.handler(event, CONTEXT)
    assert Notification.objects.count() == 9
    assert commands.count("insert") == 1
    assert len(queues.take_all("email.queue")) == 9


def test_batch_needs_a_bounded_number_of_commands(queues: Queues, commands: list[str]) -> None:
    orders_of(a_product(stock=100))
    counts: dict[str, int] = {}
    for queue, handler in (
        ("inventory", inventory_function.handler),
        ("orders", orders_function.handler),
        ("notifications", notifications_function.handler),
        ("recommendations", recommendations_function.handler),
        ("recommendations", recommendations_function.handler),
    ):
        event = queues.event_of(queue, queues.take(queue, MANY))
        commands.clear()
        handler(event, CONTEXT)
        counts[queue] = max(len(commands), counts.get(queue, 0))
    assert counts["inventory"] <= 8
    assert counts["orders"] <= 3
    assert counts["notifications"] <= 5
    assert counts["recommendations"] <= 13
