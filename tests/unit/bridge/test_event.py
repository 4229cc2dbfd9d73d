"""Compare the event with the sample in AWS's documentation of Amazon MQ event sources."""

import base64
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes.rabbit_mq_event import RabbitMQEvent
from pika.spec import BasicProperties

from tidings_local.bridge.event import (
    MAX_PAYLOAD_BYTES,
    Envelope,
    UnencodableMessageError,
    basic_properties,
    encode_record,
    header_value,
)

ARN = "arn:aws:mq:us-east-2:111122223333:broker:pizzaBroker:b-9bcfa592-423a-4942-879d-eb284b418fc8"
BODY = '{"timeout":0,"data":"CZrmf0Gw8Ov4bqLQxD4E"}'
DOCUMENTED_PROPERTIES = {
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
    "bodySize": len(BODY),
}


def documented_message() -> BasicProperties:
    return BasicProperties(
        content_type="text/plain",
        headers={"header1": "value1", "header2": "value2", "numberInHeader": 10},
        delivery_mode=1,
        priority=34,
        expiration="60000",
        timestamp=2021,
        user_id="AIDACKCEVSQ6C2EXAMPLE",
    )


def documented_event() -> dict[str, Any]:
    record = encode_record(documented_message(), False, BODY.encode())
    event: dict[str, Any] = json.loads(Envelope(ARN, "pizzaQueue", "/").enclose([record]))
    return event


def test_event_equals_the_one_in_aws_documentation() -> None:
    assert documented_event() == {
        "eventSource": "aws:rmq",
        "eventSourceArn": ARN,
        "rmqMessagesByQueue": {
            "pizzaQueue::/": [
                {
                    "basicProperties": DOCUMENTED_PROPERTIES,
                    "redelivered": False,
                    "data": "eyJ0aW1lb3V0IjowLCJkYXRhIjoiQ1pybWYwR3c4T3Y0YnFMUXhENEUifQ==",
                }
            ]
        },
    }


def test_properties_keep_the_documented_order() -> None:
    found = basic_properties(documented_message(), len(BODY))
    assert list(found) == list(DOCUMENTED_PROPERTIES)


def test_powertools_reads_the_event() -> None:
    event = RabbitMQEvent(documented_event())
    [message] = event.rmq_messages_by_queue["pizzaQueue::/"]
    assert event.event_source == "aws:rmq"
    assert event.event_source_arn == ARN
    assert message.json_data == json.loads(BODY)
    assert message.basic_properties.priority == 34
    assert message.basic_properties.timestamp == "Jan 1, 1970, 12:33:41 AM"
    assert message.redelivered is False


def test_unset_properties_are_null() -> None:
    found = basic_properties(BasicProperties(), 0)
    assert {value for name, value in found.items() if name != "bodySize"} == {None}


def test_several_records_make_one_event() -> None:
    records = [encode_record(BasicProperties(), False, body) for body in (b"a", b"b")]
    event = json.loads(Envelope(ARN, 'odd "queue"', "/host").enclose(records))
    found = event["rmqMessagesByQueue"]['odd "queue"::/host']
    assert [base64.b64decode(item["data"]) for item in found] == [b"a", b"b"]


def test_binary_body_is_kept() -> None:
    body = bytes(range(256))
    record = json.loads(encode_record(BasicProperties(), True, body))
    assert base64.b64decode(record["data"]) == body
    assert record["basicProperties"]["bodySize"] == 256
    assert record["redelivered"] is True


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("é", {"bytes": [0xC3, 0xA9]}),
        (b"\xff\x00", {"bytes": [255, 0]}),
        (True, True),
        (None, None),
        (2**40, 2**40),
        (Decimal("1.5"), 1.5),
        (datetime(2026, 11, 21, 13, 5, 9, tzinfo=UTC), "Nov 21, 2026, 1:05:09 PM"),
        ([1, "a"], [1, {"bytes": [97]}]),
        ({"queue": "a", "count": 2}, {"queue": {"bytes": [97]}, "count": 2}),
    ],
)
def test_header_value(header: object, found: object) -> None:
    assert header_value(header) == found


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "Jan 1, 1970, 12:00:00 AM"),
        (43_200, "Jan 1, 1970, 12:00:00 PM"),
        (1_795_266_309, "Nov 21, 2026, 1:05:09 PM"),
    ],
)
def test_timestamp_is_text_in_12_hour_format(seconds: int, text: str) -> None:
    assert basic_properties(BasicProperties(timestamp=seconds), 0)["timestamp"] == text


@pytest.mark.parametrize(
    "header", [float("nan"), float("inf"), Decimal("NaN"), {1, 2}, [object()], {"deep": {1}}]
)
def test_header_without_an_event_representation_is_refused(header: object) -> None:
    with pytest.raises(UnencodableMessageError, match="header of type"):
        header_value(header)


def test_timestamp_in_milliseconds_is_refused() -> None:
    with pytest.raises(UnencodableMessageError, match="is not in seconds"):
        encode_record(BasicProperties(timestamp=1_795_266_309_000), False, b"")


@pytest.mark.parametrize("name", ["message_id", "correlation_id", "type", "content_type"])
def test_property_that_is_not_text_is_refused(name: str) -> None:
    sent = b"".join(BasicProperties(**{name: b"\xff\xfe"}).encode())
    arrived = BasicProperties()
    arrived.decode(sent)
    with pytest.raises(UnencodableMessageError, match="is not text"):
        encode_record(arrived, False, b"")


def test_deeply_nested_headers_are_refused() -> None:
    headers: dict[str, Any] = {}
    for _ in range(5_000):
        headers = {"deeper": headers}
    with pytest.raises(UnencodableMessageError, match="too deep"):
        encode_record(BasicProperties(headers=headers), False, b"")


def test_room_is_the_payload_limit_minus_the_envelope() -> None:
    envelope = Envelope(ARN, "pizzaQueue", "/")
    filling = b"1" * envelope.room_bytes
    assert len(envelope.enclose([filling])) == MAX_PAYLOAD_BYTES
