"""A consumer handles any message, or moves it to another queue."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.platform.builders import CONTEXT, RecordingPublisher, mq_event, order_placed
from tidings.orders.events import OrderPlaced
from tidings.platform.entry import consumer as frame
from tidings.platform.entry.consumer import consumer
from tidings.platform.storage import database

SHORT = st.text(max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | SHORT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(SHORT, inner, max_size=4),
)
EVENTS = st.dictionaries(st.sampled_from(list(order_placed())), VALUES, max_size=4).map(
    lambda changes: order_placed(**changes)
)
BODIES = st.binary() | (VALUES | EVENTS).map(lambda content: json.dumps(content).encode())
DATA = BODIES.map(lambda body: base64.b64encode(body).decode()) | SHORT
PROPERTIES = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "messageId": st.none() | SHORT,
        "correlationId": st.none() | SHORT,
        "type": st.none() | SHORT,
        "contentType": st.none() | SHORT,
        "headers": st.none() | st.dictionaries(SHORT | st.just("tidings-history"), VALUES),
    },
)
RECORDS = st.fixed_dictionaries(
    {"data": DATA}, optional={"basicProperties": PROPERTIES, "redelivered": st.booleans()}
)


@given(st.lists(RECORDS, min_size=1, max_size=4))
def test_each_message_is_handled_or_moved(records: list[dict[str, Any]]) -> None:
    publisher, handled = RecordingPublisher(), []

    @consumer(OrderPlaced)
    def handler(event: OrderPlaced) -> None:
        handled.append(event)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "connect", lambda: None)
        patch.setattr(frame, "publisher", lambda: publisher)
        handler(mq_event(*records), CONTEXT)
    assert len(handled) + len(publisher.published) == len(records)
    assert {message.exchange for message in publisher.published} <= {"dead-letter-exchange"}
    for message in publisher.published:
        b"".join(message.properties.encode())  # the message can be sent as JSON
