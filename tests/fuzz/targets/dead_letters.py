"""Messages in `failed-messages`: any of them can be stored, masked and repaired.

An input is a body, a history and an operator's changes, with a zero byte between them.
"""

import base64
import json
from typing import Any

import bson

from tests.contract.project import ROOT
from tests.unit.platform.builders import attempt
from tidings.monitoring.editing import edited
from tidings.monitoring.errors import ChangesRefused
from tidings.monitoring.failed_messages import _stored
from tidings.monitoring.forecasts import event_of
from tidings.platform.entry import dead_letter_consumer
from tidings.platform.messaging import dead_letters
from tidings.platform.messaging.history import encoded, failures_since_redrive
from tidings.platform.text.masking import masked_payload

BODY = (ROOT / "events/samples/order.placed.json").read_bytes()
HISTORY = json.dumps([attempt(), attempt() | {"function": "redrive"}]).encode()

CANCELLED = (ROOT / "events/samples/order.cancelled.json").read_bytes()

TAKEN = [
    b"\0".join([CANCELLED, HISTORY, changes])
    for changes in (b'{"data": {"reason": "It broke."}}', '{"data": {"reason": "Größe"}}'.encode())
]
REFUSED = [
    b"\0".join([BODY, HISTORY, b'{"data": {"lines": []}}']),
    *(b"", b"\0\0", b"\xff\0[{}]\0{}", b'{"type": []}\0[]\0{}'),
    *(BODY + b"\0{}\0" + changes for changes in (b'{"id": "x"}', b"[]", b"\xff")),
    *(BODY + b"\0{}\0" + changes for changes in (b'{"more": NaN}', b'{"more": 1e999}')),
]
WORDS = [
    '"data":',
    '"function":',
    '"at":',
    '"error":',
    "redrive",
    "NaN",
    "ada@example.com",
    "\\ud800",
]


def check(data: bytes) -> bool:
    body, history, changes = (*data.split(b"\0", 2), b"", b"")[:3]
    letter = dead_letter_consumer._letter("failed-messages", message(body, history))
    assert letter.body == body
    assert len(letter.key) == 24
    assert letter.failed_at.tzinfo is not None
    assert 0 <= failures_since_redrive(letter.history) <= len(letter.history)
    encoded(letter.history).encode()
    bson.encode({"stored": _stored(letter)._doc})
    b"".join(dead_letters._message(letter).properties.encode())
    masked_payload(body).encode()
    try:
        event_of(edited(body, changes.decode(errors="replace")))
    except ChangesRefused as refused:
        refused.message.encode()
        return False
    return True


def message(body: bytes, history: bytes) -> dict[str, Any]:
    headers = {"tidings-history": {"bytes": list(history)}}
    return {"data": base64.b64encode(body).decode(), "basicProperties": {"headers": headers}}
