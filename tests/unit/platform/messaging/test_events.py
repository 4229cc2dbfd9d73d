import json

import pytest
from pydantic import ValidationError

from tests.unit.platform.builders import ORDER_ID, PRODUCT_ID, order_placed
from tidings.orders.events import MAX_LINES, OrderPlaced, OrderRejected, OrderRejectedData
from tidings.platform.context import correlated
from tidings.platform.messaging.events import EVENT_CLASSES


def rejected() -> OrderRejected:
    data = OrderRejectedData(order_id=ORDER_ID, customer_id="c", reason="none left")
    return OrderRejected(subject=ORDER_ID, data=data)


def test_event_has_the_attributes_of_cloudevents() -> None:
    wire = json.loads(rejected().model_dump_json(exclude_none=True))
    assert wire["specversion"] == "1.0"
    assert wire["type"] == "order.rejected"
    assert wire["source"] == "tidings/orders"
    assert wire["subject"] == ORDER_ID
    assert wire["datacontenttype"] == "application/json"
    assert wire["id"]
    assert wire["time"].endswith("Z")


def test_each_event_has_its_own_id() -> None:
    assert rejected().id != rejected().id


def test_event_has_the_ids_of_the_current_request() -> None:
    with correlated("request-7", "event-6"):
        event = rejected()
    assert (event.correlationid, event.causationid) == ("request-7", "event-6")


def test_event_outside_of_a_request_has_no_ids() -> None:
    event = rejected()
    assert event.correlationid is None
    assert "correlationid" not in json.loads(event.model_dump_json(exclude_none=True))


def test_event_keeps_its_own_correlation_id() -> None:
    with correlated("somebody-else"):
        event = OrderPlaced.model_validate(order_placed())
    assert event.correlationid == "correlation-1"


def test_unknown_fields_of_later_versions_are_ignored() -> None:
    data = order_placed()["data"] | {"gift_wrap": True}
    event = OrderPlaced.model_validate(order_placed(data=data, dataschema="later"))
    assert event.data.order_id == ORDER_ID
    assert not hasattr(event.data, "gift_wrap")
    assert not hasattr(event, "dataschema")


@pytest.mark.parametrize(
    "change",
    [
        {"type": "order.confirmed"},
        {"source": "tidings/products"},
        {"specversion": "0.3"},
        {"id": ""},
        {"id": "x" * 129},
        {"time": "yesterday"},
        {"data": {}},
        {"data": None},
        {"subject": None},
    ],
    ids=str,
)
def test_invalid_event_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        OrderPlaced.model_validate(order_placed(**change))


@pytest.mark.parametrize(
    "lines",
    [
        [{"product_id": PRODUCT_ID, "quantity": 0}],
        [{"product_id": PRODUCT_ID, "quantity": -3}],
        [{"product_id": PRODUCT_ID, "quantity": 1}] * (MAX_LINES + 1),
    ],
    ids=["nothing", "less than nothing", "without an end"],
)
def test_impossible_order_is_refused(lines: list[dict[str, object]]) -> None:
    data = order_placed()["data"] | {"lines": lines}
    with pytest.raises(ValidationError):
        OrderPlaced.model_validate(order_placed(data=data))


def test_event_is_unchanged_after_serialisation() -> None:
    event = rejected()
    assert OrderRejected.model_validate_json(event.model_dump_json()) == event


def test_events_are_immutable() -> None:
    event = rejected()
    with pytest.raises(ValidationError, match="frozen"):
        event.subject = "another"


def test_class_is_found_by_type() -> None:
    assert EVENT_CLASSES["order.placed"] is OrderPlaced
