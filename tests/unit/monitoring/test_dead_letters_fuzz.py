"""Reading, showing and repairing any dead letter never fails, however malformed it is."""

import base64
import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.platform.builders import (
    attempt,
    history_header,
    mq_event,
    order_placed,
    record,
)
from tests.unit.platform.entry.test_consumer_fuzz import BODIES, RECORDS, VALUES
from tidings.monitoring.editing import edited
from tidings.monitoring.errors import ChangesRefused
from tidings.monitoring.failed_messages import _stored
from tidings.platform.entry import dead_letter_consumer
from tidings.platform.entry.consumer import messages_of
from tidings.platform.messaging import dead_letters
from tidings.platform.text.masking import masked_payload
from tidings.platform.timing.clock import now

PATCHES = st.text() | VALUES.map(json.dumps) | st.just("[" * 5_000)


@given(st.lists(RECORDS, min_size=1, max_size=4))
def test_every_message_becomes_a_dead_letter_that_can_be_stored_and_sent(
    records: list[dict[str, Any]],
) -> None:
    event = mq_event(*records, queue="failed-messages")
    letters = [
        dead_letter_consumer._letter(queue, message) for queue, message in messages_of(event)
    ]
    assert len(letters) == len(records)
    for letter in letters:
        assert len(letter.key) == 24
        assert letter.failed_at.tzinfo is not None
        _stored(letter)
        b"".join(dead_letters._message(letter).properties.encode())
        masked_payload(letter.body).encode()


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "soon"])
def test_message_without_a_time_of_failure_failed_now(at: str) -> None:
    message = record(order_placed(), headers=history_header(attempt() | {"at": at}))
    letter = dead_letter_consumer._letter("failed-messages", message)
    assert abs(letter.failed_at - now()) < timedelta(minutes=1)


@given(BODIES, PATCHES)
def test_changes_make_an_event_or_are_refused(body: bytes, changes: str) -> None:
    with suppress(ChangesRefused):
        assert json.loads(edited(body, changes))["type"]


@given(st.dictionaries(st.sampled_from([*order_placed(), "data"]), VALUES, max_size=3))
def test_patch_of_a_good_event_keeps_it_an_event_or_is_refused(patch: dict[str, Any]) -> None:
    before = order_placed()
    try:
        after = json.loads(edited(json.dumps(before).encode(), json.dumps(patch)))
    except ChangesRefused:
        return
    assert (after["id"], after["type"]) == (before["id"], before["type"])
    assert base64.b64encode(json.dumps(after).encode())
