"""No event is lost between MongoDB and RabbitMQ."""

import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from mongoengine import NotUniqueError
from pymongo.errors import AutoReconnect

from tests.integration.builders import Queues, a_product, an_order, at, at_once
from tidings.monitoring.relay import OUTBOX_DOCUMENTS
from tidings.orders import announcements
from tidings.orders.decisions import confirm_order
from tidings.orders.events import OrderPlaced
from tidings.orders.models import Order
from tidings.orders.states import OrderState
from tidings.orders.steps import THE_SHOP, Step, planned_step
from tidings.platform.context import correlated
from tidings.platform.messaging import outbox, relay
from tidings.platform.messaging.broker import BrokerUnavailable, Message, Publisher
from tidings.platform.messaging.outbox import take_stored
from tidings.platform.messaging.relay import publish_stored, relay_left_behind
from tidings.platform.timing.clock import new_id, now

NOWHERE = "amqp://guest:guest@127.0.0.1:1/%2F"


def waiting() -> int:
    return sum(len(order.outbox) for order in Order.objects)


def an_order_left_behind(seconds: float = 60) -> str:
    """Return an order whose function crashed before it published."""
    order = an_order()
    take_stored()
    time = now() - timedelta(seconds=seconds)
    Order.objects(pk=order.id).update_one(set__outbox__0__time=time)
    return order.id


def relayed(seconds: float = 60) -> int:
    return relay_left_behind(OUTBOX_DOCUMENTS, seconds=seconds)


def repeats_its_insert(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeat the insert, as the driver does if MongoDB was killed before it answered."""
    honest = Order.save

    def save(order: Order, **options: Any) -> Any:
        honest(order, **options)
        return honest(order, **options)

    monkeypatch.setattr(Order, "save", save)


@pytest.fixture
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Publisher(at(NOWHERE))
    monkeypatch.setattr(relay, "publisher", lambda: gone)


# -------------------------------------------------------- directly after the change


def test_event_is_stored_in_the_write_that_caused_it(queues: Queues) -> None:
    order = an_order()
    (entry,) = Order.objects.get(pk=order.id).outbox
    assert entry.type == "order.placed"
    assert order.id in entry.body
    assert queues.is_empty("inventory")


def test_insert_that_the_driver_repeated_succeeds(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = a_product()
    repeats_its_insert(monkeypatch)
    order = an_order(product)
    publish_stored()
    (message,) = queues.take("inventory", 1)
    assert message.event["subject"] == order.id
    assert waiting() == 0


def test_inserts_that_the_driver_repeated_succeed(monkeypatch: pytest.MonkeyPatch) -> None:
    before = an_order()
    take_stored()
    honest = outbox._insert_all

    def insert_twice(document_class: Any, documents: Sequence[Any]) -> set[int]:
        return honest(document_class, documents) | honest(document_class, documents)

    monkeypatch.setattr(outbox, "_insert_all", insert_twice)
    ours, known = Order.objects.get(pk=before.id), Order.objects.get(pk=before.id)
    ours.id = new_id()
    known.outbox[0].body = "another event"
    assert outbox.insert_all(Order, [ours, known]) == [known]
    assert [stored.document_id for stored in take_stored()] == [ours.id]


def test_insert_of_a_key_stored_by_another_is_refused() -> None:
    again = Order.objects.get(pk=an_order().id)
    event = OrderPlaced.model_validate_json(again.outbox[0].body)
    with pytest.raises(NotUniqueError):
        outbox.insert(again)
    with pytest.raises(NotUniqueError):
        outbox.insert(again, event.model_copy(update={"id": new_id()}))


def test_published_event_is_cleared(queues: Queues) -> None:
    with correlated("request-7"):
        order = an_order()
    publish_stored()
    (message,) = queues.take("inventory", 1)
    assert message.event["data"]["order_id"] == order.id
    assert message.message_id == message.event["id"]
    assert message.correlation_id == message.event["correlationid"] == "request-7"
    assert waiting() == 0


def test_event_is_published_once(queues: Queues) -> None:
    an_order()
    publish_stored()
    publish_stored()
    queues.take("inventory", 1)


def test_event_stays_while_the_broker_is_unavailable(no_broker: None, queues: Queues) -> None:
    an_order()
    publish_stored()
    assert waiting() == 1


def test_event_that_waited_is_relayed_when_the_broker_is_back(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        gone = Publisher(at(NOWHERE))
        patch.setattr(relay, "publisher", lambda: gone)
        an_order()
        publish_stored()
    monkeypatch.setattr(relay, "LEFT_BEHIND_AFTER", timedelta(seconds=-1))
    assert relayed() == 1
    queues.take("inventory", 1)
    assert waiting() == 0


class PickyPublisher:
    """Publishes all but some types of events."""

    def __init__(self, *refused: str) -> None:
        self._refused = refused

    def publish(self, messages: Sequence[Message]) -> list[Message]:
        return [each for each in messages if each.routing_key not in self._refused]


def test_only_published_events_are_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    order = an_order()
    confirm_order(order.id)
    monkeypatch.setattr(relay, "publisher", lambda: PickyPublisher("order.placed"))
    publish_stored()
    (left,) = Order.objects.get(pk=order.id).outbox
    assert left.type == "order.placed"


def test_change_succeeds_even_if_its_published_event_is_not_cleared(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the client would repeat the request, and have the change twice."""
    an_order_left_behind()
    an_order()

    def does_not_answer(_: object) -> None:
        raise AutoReconnect

    with monkeypatch.context() as patch:
        patch.setattr(relay, "clear", does_not_answer)
        publish_stored()
    queues.take("inventory", 1)
    assert waiting() == 2


def test_one_document_changed_twice_announces_each_event_once(queues: Queues) -> None:
    order = an_order()
    confirm_order(order.id)
    publish_stored()
    queues.take("inventory", 1)
    queues.take("notifications", 1)
    assert waiting() == 0


# ---------------------------------------------------------------------- the relay


def test_changes_in_one_round_trip_are_made_where_their_conditions_hold(
    queues: Queues, commands: list[str]
) -> None:
    orders = [Order.objects.get(pk=an_order().id) for _ in range(3)]
    publish_stored()
    queues.take("inventory", 3)
    Order.objects(pk=orders[1].id).update_one(set__state="rejected")
    planned = [
        planned_step(
            each, Step(OrderState.CONFIRMED, THE_SHOP, now()), announcements.confirmed(each)
        )
        for each in orders
    ]
    commands.clear()
    assert outbox.change_many(Order, planned) == [planned[1]]
    assert commands == ["update", "find"]
    assert [each.state for each in Order.objects.order_by("pk")] == [
        "confirmed",
        "rejected",
        "confirmed",
    ]
    publish_stored()
    told = {each.message_id for each in queues.take("notifications", 2)}
    assert told == {planned[0].event.id, planned[2].event.id}
    assert waiting() == 0
    assert outbox.change_many(Order, planned) == planned
    assert outbox.change_many(Order, []) == []


def test_events_of_a_crash_are_published(queues: Queues) -> None:
    order_id = an_order_left_behind()
    assert relayed() == 1
    (message,) = queues.take("inventory", 1)
    assert message.event["data"]["order_id"] == order_id
    assert waiting() == 0


def test_events_of_a_crashed_function_with_its_clock_ahead_are_published(queues: Queues) -> None:
    an_order_left_behind(seconds=-3600)
    assert relayed() == 1
    queues.take("inventory", 1)
    assert waiting() == 0


def test_event_of_a_running_invocation_is_left_to_it(queues: Queues) -> None:
    an_order()
    assert relayed() == 0
    assert queues.is_empty("inventory")
    assert waiting() == 1


def test_events_of_one_document_are_published_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    order = an_order()
    confirm_order(order.id)
    take_stored()
    monkeypatch.setattr(relay, "LEFT_BEHIND_AFTER", timedelta(seconds=-1))
    sent: list[str] = []

    class Recorder(PickyPublisher):
        def publish(self, messages: Sequence[Message]) -> list[Message]:
            sent.extend(message.routing_key for message in messages)
            return list(messages)

    monkeypatch.setattr(relay, "publisher", Recorder)
    assert relayed() == 2
    assert sent == ["order.placed", "order.confirmed"]


def test_relay_works_in_rounds(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "DOCUMENTS_PER_ROUND", 2)
    product = a_product()
    orders = {an_order(product).id for _ in range(5)}
    take_stored()
    monkeypatch.setattr(relay, "LEFT_BEHIND_AFTER", timedelta(seconds=-1))
    assert relayed() == 5
    published = {message.event["subject"] for message in queues.take("inventory", 5)}
    assert published == orders


def test_relay_without_remaining_time_does_nothing(queues: Queues) -> None:
    an_order_left_behind()
    assert relayed(seconds=0) == 0
    assert waiting() == 1


def test_relay_does_not_loop_on_unpublishable_events(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay, "DOCUMENTS_PER_ROUND", 1)
    an_order_left_behind()
    monkeypatch.setattr(relay, "publisher", lambda: PickyPublisher("order.placed"))
    assert relayed() == 0
    assert waiting() == 1


def test_relay_without_a_broker_reports_it_and_changes_nothing(no_broker: None) -> None:
    an_order_left_behind()
    with pytest.raises(BrokerUnavailable):
        relayed()
    assert waiting() == 1


@pytest.fixture
def publisher_of_each_thread(rabbit: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    mine, made = threading.local(), []

    def publisher() -> Publisher:
        if not hasattr(mine, "publisher"):
            mine.publisher = Publisher(at(rabbit.url))
            made.append(mine.publisher)
        own: Publisher = mine.publisher
        return own

    monkeypatch.setattr(relay, "publisher", publisher)
    yield
    for each in made:
        each.close()


def test_concurrent_relays_lose_nothing(
    publisher_of_each_thread: None, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "DOCUMENTS_PER_ROUND", 3)
    product = a_product()
    orders = {an_order(product).id for _ in range(30)}
    take_stored()
    monkeypatch.setattr(relay, "LEFT_BEHIND_AFTER", timedelta(seconds=-1))
    assert sum(at_once([relayed, relayed])) >= 30
    assert {message.event["subject"] for message in queues.take_all("inventory")} == orders
    assert waiting() == 0
