"""Headers that other clients write and pika cannot read."""

import struct

import pytest
from pika import data
from pika.spec import BasicProperties

from tidings_local.bridge import odd_headers
from tidings_local.bridge.event import UnencodableMessageError, encode_record

HEADERS_AND_ID = struct.pack(">H", BasicProperties.FLAG_HEADERS | BasicProperties.FLAG_MESSAGE_ID)
NAME = b"\x03odd"


def nested(depth: int) -> bytes:
    value = b"V"
    for _ in range(depth):
        value = b"A" + struct.pack(">I", len(value)) + value
    return value


ODD = {
    "not a number": b"d" + struct.pack(">d", float("nan")),
    "infinite": b"d" + struct.pack(">d", float("inf")),
    "a time in milliseconds": b"T" + struct.pack(">Q", 1_795_266_309_000),
    "nested": nested(20_000),
    "of a kind that nobody knows": b"?",
}


@pytest.fixture(autouse=True)
def survives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "decode_table", data.decode_table)
    odd_headers.survive()


def arrived(value: bytes) -> BasicProperties:
    table = NAME + value
    encoded = HEADERS_AND_ID + struct.pack(">I", len(table)) + table + b"\x03m-1"
    properties = BasicProperties()
    properties.decode(encoded)
    return properties


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_only_the_message_with_odd_headers_is_refused(value: bytes) -> None:
    properties = arrived(value)
    assert properties.message_id == "m-1"
    with pytest.raises(UnencodableMessageError):
        encode_record(properties, False, b"")


def test_plain_headers_are_still_read() -> None:
    assert arrived(b"I" + struct.pack(">i", 7)).headers == {"odd": 7}
