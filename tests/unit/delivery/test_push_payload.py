"""Push payloads stay within the limits of their services for any text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.delivery.errors import PermanentFailure
from tidings.delivery.outgoing import Address, OutgoingMessage, Rendered
from tidings.delivery.push_payload import MAX_BYTES, payload


def message(title: str, body: str, data: dict[str, str]) -> OutgoingMessage:
    return OutgoingMessage(
        notification_id="n1", channel="push", user_id="u1", kind="k", category="orders",
        address=Address(), rendered=Rendered(title=title, body=body), data=data,
    )  # fmt: skip


@given(st.text(max_size=300), st.text(min_size=0, max_size=50), st.integers(0, 400))
def test_every_form_fits_and_is_json(title: str, body: str, times: int) -> None:
    forms = json.loads(payload(message(title, body * times, {"notification_id": "n1"})))
    for name in ("APNS", "APNS_SANDBOX", "GCM"):
        assert len(forms[name].encode()) <= MAX_BYTES
        json.loads(forms[name])


def test_short_body_is_whole() -> None:
    forms = json.loads(payload(message("Title", "Body “x”", {})))
    assert json.loads(forms["APNS"])["aps"]["alert"] == {"title": "Title", "body": "Body “x”"}


@pytest.mark.parametrize("character", ["👨‍👩‍👧‍👦", "🇩🇪", "e\u0301", "नि"], ids=ascii)
def test_words_are_cut_at_whole_characters(character: str) -> None:
    for before in range(1, 6):
        text = "x" * before + character * 2_000
        alert = json.loads(json.loads(payload(message(text, text, {})))["APNS"])["aps"]["alert"]
        for part in (alert["title"], alert["body"].removesuffix("…")):
            assert part == "x" * before + character * part.count(character)
            assert part.count(character) > 10


def test_data_that_leaves_no_room_fails_permanently() -> None:
    with pytest.raises(PermanentFailure) as failed:
        payload(message("Title", "Body", {"kind": "x" * 5_000}))
    assert failed.value.reason == "payload_too_large"


def test_data_cannot_overwrite_apples_own_fields() -> None:
    forms = json.loads(payload(message("Title", "Body", {"aps": "x"})))
    assert json.loads(forms["APNS"])["aps"]["alert"]["title"] == "Title"
