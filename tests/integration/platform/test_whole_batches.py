"""Amazon MQ's behaviour: the exact form of its event, and whole batches again after an error.

The function is killed in the middle of a batch: nothing was acknowledged, and the stored events
were not published. Then the same batch is delivered again.
"""

import base64
import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from monitoring import failed_messages as failed_messages_function
from notifications import notifications as notifications_function
from notifications import order_updates as order_updates_function
from orders import orders as orders_function
from products import inventory as inventory_function

from tests.contract.project import ROOT, consumers
from tests.integration.builders import (
    CONTEXT,
    Queues,
    Taken,
    a_product,
    a_reader,
    an_order,
    stock_of,
)
from tests.integration.monitoring.builders import a_dead_letter
from tidings.delivery.models import Notification
from tidings.monitoring.models import FailedMessage
from tidings.monitoring.relay import OUTBOX_DOCUMENTS
from tidings.orders.models import Order
from tidings.orders.operations import cancel_order
from tidings.orders.schemas import CancelOrder
from tidings.platform import settings
from tidings.platform.entry import consumer as frame
from tidings.platform.entry.invocation import LambdaEvent
from tidings.platform.messaging import broker, dead_letters, relay
from tidings.platform.messaging.outbox import take_stored
from tidings.platform.messaging.relay import publish_stored, relay_left_behind
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage import database
from tidings.platform.timing.clock import new_id
from tidings.products.models import Reservation

ORDERS = 6
EVENTS = ROOT / "events"
Handler = Callable[[LambdaEvent, Any], None]


class Killed(BaseException):
    """Raised like a kill of the process: no error handler runs."""


@pytest.fixture(autouse=True)
def relay_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "LEFT_BEHIND_AFTER", timedelta(seconds=-1))


def die() -> None:
    raise Killed


def kill_after(messages: int, handler: Handler, event: LambdaEvent) -> None:
    """Invoke a function whose process is killed after this number of messages.

    A function that handles all at once is killed before it publishes.
    """
    handled, handle = 0, frame._handle

    def dying(*arguments: Any) -> Any:
        nonlocal handled
        result = handle(*arguments)
        handled += 1
        if handled == messages:
            raise Killed
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frame, "_handle", dying)
        patch.setattr(frame, "publish_stored", die)
        with pytest.raises(Killed):
            handler(event, CONTEXT)
    take_stored()  # the state of the killed process


def twice(queues: Queues, queue: str, handler: Handler, messages: Sequence[Taken]) -> None:
    """Deliver a batch to a function that is killed half-way, and then twice completely."""
    event = queues.event_of(queue, messages)
    kill_after(len(messages) // 2, handler, event)
    handler(event, CONTEXT)
    handler(event, CONTEXT)
    relay_left_behind(OUTBOX_DOCUMENTS, seconds=60)


def documents() -> dict[str, int]:
    """Return the number of documents of each kind."""
    client, prefix = database.connect(), settings.settings().database_prefix
    return {
        f"{domain}.{name}": client[f"{prefix}_{domain}"][name].count_documents({})
        for domain in database.DATABASES
        for name in client[f"{prefix}_{domain}"].list_collection_names()
    }


@pytest.mark.parametrize("queue", sorted(set(consumers()) - {"failed-messages"}))
def test_repeated_sample_batch_adds_nothing(
    queue: str, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Failed messages must not return from a retry queue in the middle of another test.
    monkeypatch.setattr(frame, "RETRY_DELAYS_SECONDS", ())
    (function,) = consumers()[queue]
    event = json.loads((EVENTS / f"lambda/{'_'.join(function.words)}.json").read_text())
    handler = function.load()
    kill_after(1, handler, event)
    handler(event, CONTEXT)
    once = documents()
    handler(event, CONTEXT)
    assert documents() == once


def test_inventory_reserves_each_order_once(queues: Queues) -> None:
    product = a_product(stock=10)
    orders = [an_order(product) for _ in range(ORDERS)]
    publish_stored()
    twice(queues, "inventory", inventory_function.handler, queues.take("inventory", ORDERS))
    assert stock_of(product) == 10 - ORDERS
    assert Reservation.objects.count() == ORDERS
    told = {each.event["data"]["order_id"] for each in queues.take_all("orders")}
    assert told == {each.id for each in orders}


def test_orders_are_confirmed_once_each(queues: Queues) -> None:
    orders = [an_order(a_product()) for _ in range(ORDERS)]
    publish_stored()
    event = queues.event_of("inventory", queues.take("inventory", ORDERS))
    inventory_function.handler(event, CONTEXT)
    twice(queues, "orders", orders_function.handler, queues.take("orders", ORDERS))
    assert {each.state for each in Order.objects} == {"confirmed"}
    assert all(len(each.history) == 2 for each in Order.objects)
    ids = [each.message_id for each in queues.take_all("notifications")]
    assert len(set(ids)) == len(orders)


def test_cancelled_orders_return_their_stock_once(queues: Queues) -> None:
    product = a_product(stock=10)
    operator = Principal(user_id=new_id(), role=Role.OPERATOR)
    orders = [an_order(product) for _ in range(ORDERS)]
    publish_stored()
    placed = queues.event_of("inventory", queues.take("inventory", ORDERS))
    inventory_function.handler(placed, CONTEXT)
    reserved = queues.event_of("orders", queues.take("orders", ORDERS))
    orders_function.handler(reserved, CONTEXT)
    for order in orders:
        cancel_order(order.id, CancelOrder(reason="By mistake."), caller=operator)
    publish_stored()
    twice(queues, "inventory", inventory_function.handler, queues.take("inventory", ORDERS))
    assert stock_of(product) == 10


def test_people_are_notified_once(queues: Queues) -> None:
    for _ in range(ORDERS):
        an_order(a_product())
    publish_stored()
    placed = queues.event_of("inventory", queues.take("inventory", ORDERS))
    inventory_function.handler(placed, CONTEXT)
    reserved = queues.event_of("orders", queues.take("orders", ORDERS))
    orders_function.handler(reserved, CONTEXT)
    told = queues.take("notifications", ORDERS)
    twice(queues, "notifications", notifications_function.handler, told)
    assert Notification.objects.count() == ORDERS


def test_daily_notifications_are_sent_once(queues: Queues) -> None:
    content = json.loads((EVENTS / "lambda/order_updates.json").read_text())
    (record,) = [record for batch in content["rmqMessagesByQueue"].values() for record in batch]
    due = json.loads(base64.b64decode(record["data"]))
    due["data"]["customer_id"] = a_reader().user_id
    record["data"] = base64.b64encode(json.dumps(due).encode()).decode()
    event = {"rmqMessagesByQueue": {"order_updates_queue::/": [record] * 4}}
    kill_after(2, order_updates_function.handler, event)
    order_updates_function.handler(event, CONTEXT)
    assert Notification.objects.count() == 1


def test_dead_letters_are_stored_once(queues: Queues) -> None:
    letters = [a_dead_letter() for _ in range(ORDERS)]
    broker.publisher().publish(
        [
            dead_letters._message(each)._replace(exchange="dead-letter-exchange", routing_key="")
            for each in letters
        ]
    )
    event = queues.event_of("failed-messages", queues.take("failed-messages", ORDERS))
    for _ in range(3):
        failed_messages_function.handler(event, CONTEXT)
    assert FailedMessage.objects.count() == ORDERS


# ---------------------------------------------------------------- AWS's event format


def aws_event(queue: str, body: bytes) -> LambdaEvent:
    """Return the event of AWS's page "Using Lambda with Amazon MQ" with this body."""
    return {
        "eventSource": "aws:rmq",
        "eventSourceArn": "arn:aws:mq:us-west-2:111122223333:broker:pizzaBroker:b-9bcfa592-423a",
        "rmqMessagesByQueue": {
            f"{queue}::/": [
                {
                    "basicProperties": {
                        "contentType": "text/plain",
                        "contentEncoding": None,
                        "headers": {
                            "header1": {"bytes": [118, 97, 108, 117, 101, 49]},
                            "header2": {"bytes": [118, 97, 108, 117, 101, 50]},
                            "numberInHeader": 10,
                        },
                        "deliveryMode": 1,
                        "priority": 34,
                        "correlationId": None,
                        "replyTo": None,
                        "expiration": "60000",
                        "messageId": None,
                        "timestamp": "Jan 1, 1970, 12:33:41 AM",
                        "type": None,
                        "userId": "AIDACKCEVSQ6C2EXAMPLE",
                        "appId": None,
                        "clusterId": None,
                        "bodySize": 80,
                    },
                    "redelivered": False,
                    "data": base64.b64encode(body).decode(),
                }
            ]
        },
    }


@pytest.mark.parametrize("queue", sorted(set(consumers()) - {"failed-messages"}))
def test_event_in_aws_format_is_decoded(queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (function,) = consumers()[queue]
    taken: list[Any] = []
    for event_type in function.load().event_types:
        body = (EVENTS / f"samples/{event_type.event_type()}.json").read_bytes()
        frame.consumer(event_type)(taken.append)(aws_event(queue, body), CONTEXT)
    assert [type(each) for each in taken] == list(function.load().event_types)


def test_failure_of_an_event_in_aws_format_waits_in_its_queue(queues: Queues) -> None:
    inventory_function.handler(aws_event("inventory", b"no event"), CONTEXT)
    (dead,) = queues.take("failed-messages", 1)
    assert dead.body == b"no event"
    assert dead.headers["tidings-queue"] == "inventory"
    assert dead.message_id
