"""Tests of request bodies that are files."""

import base64
from typing import Any, ClassVar

import pytest

from tests.unit.platform.builders import CONTEXT, answer_of, api_event
from tidings.platform.entry.answers import Reply
from tidings.platform.entry.http import EndpointContract, endpoint
from tidings.platform.entry.requests import MAX_BODY_BYTES, Request
from tidings.platform.inputs.files import FileBody
from tidings.platform.operation import PUBLIC


class Poem(FileBody):
    media_types: ClassVar[tuple[str, ...]] = ("text/plain", "text/x-poem")
    max_bytes: ClassVar[int] = MAX_BODY_BYTES + 10


@endpoint(EndpointContract(role=PUBLIC, body=Poem))
def read_poem(request: Request[Poem]) -> Reply:
    return Reply({"type": request.body.media_type, "content": request.body.content})


def sent(raw: bytes, content_type: str | None = "text/plain") -> tuple[int, dict[str, Any]]:
    headers = {} if content_type is None else {"content-type": content_type}
    body = base64.b64encode(raw).decode()
    return answer_of(read_poem(api_event(body, headers=headers, isBase64Encoded=True), CONTEXT))


def test_file_is_read_as_text_or_base64() -> None:
    headers = {"Content-Type": "text/x-poem"}
    plain = answer_of(read_poem(api_event("größe", headers=headers), CONTEXT))
    assert plain[1]["data"] == {"type": "text/x-poem", "content": "größe"}
    assert sent("größe".encode(), "text/x-poem") == plain


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain; charset=utf-8",
        'Text/Plain;charset="UTF-8"',
        "text/plain;charset=us-ascii",
        "text/plain; header=present",
    ],
)
def test_type_is_read_with_its_parameters(content_type: str) -> None:
    assert sent(b"ink", content_type)[1]["data"]["content"] == "ink"


@pytest.mark.parametrize(
    "content_type",
    [None, "", "application/json", "text/plain; charset=utf-7", "text/plain;charset=latin1", ";"],
)
def test_other_types_and_encodings_are_refused(content_type: str | None) -> None:
    status, envelope = sent(b"ink", content_type)
    assert (status, envelope["error"]["code"]) == (415, "BAD_USER_INPUT")
    assert envelope["data"] is None


@pytest.mark.parametrize(
    "raw",
    ["größe".encode("latin1"), "größe".encode("utf-16")[:-1], b"\xed\xa0\x80", b"\xff"],
    ids=["latin1", "half of utf-16", "surrogate", "ff"],
)
def test_bytes_that_are_not_text_are_refused(raw: bytes) -> None:
    status, envelope = sent(raw)
    assert status == 400
    assert envelope["error"]["details"][0]["field"] == "file"
    assert "Line 1 " in envelope["message"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("charset", ["", "; charset=utf-8", "; charset=UTF-16"])
def test_byte_order_mark_sets_the_encoding(encoding: str, charset: str) -> None:
    status, envelope = sent("größe".encode(encoding), f"text/plain{charset}")
    assert (status, envelope["data"]["content"]) == (200, "größe")


@pytest.mark.parametrize("charset", ["utf-16le", "utf-16be"])
def test_charset_sets_the_encoding_without_a_mark(charset: str) -> None:
    status, envelope = sent("größe".encode(charset), f"text/plain; charset={charset}")
    assert (status, envelope["data"]["content"]) == (200, "größe")


def test_utf16_without_a_mark_is_not_guessed() -> None:
    status, envelope = sent("größe".encode("utf-16-le"), "text/plain; charset=utf-16")
    assert (status, envelope["message"]) == (400, "A file in UTF-16 begins with a byte order mark.")


def test_byte_order_mark_is_left_out() -> None:
    assert sent(b"\xef\xbb\xbfink")[1]["data"]["content"] == "ink"


def test_file_has_a_limit_of_its_own() -> None:
    assert sent(b"x" * Poem.max_bytes)[0] == 200
    status, envelope = sent(b"x" * (Poem.max_bytes + 1))
    assert (status, envelope["error"]["code"]) == (413, "BAD_USER_INPUT")


def test_limit_counts_bytes() -> None:
    headers = {"Content-Type": "text/plain"}
    response = read_poem(api_event("ö" * MAX_BODY_BYTES, headers=headers), CONTEXT)
    assert answer_of(response)[0] == 413


@pytest.mark.parametrize("body", ["not base64!", "\ud800", "a"])
def test_body_that_cannot_be_decoded_is_refused(body: str) -> None:
    event = api_event(body, headers={"Content-Type": "text/plain"}, isBase64Encoded=True)
    status, envelope = answer_of(read_poem(event, CONTEXT))
    assert (status, envelope["message"]) == (400, "The body cannot be decoded.")


def test_no_body_is_an_empty_file() -> None:
    event = api_event(None, headers={"Content-Type": "text/plain"})
    assert answer_of(read_poem(event, CONTEXT))[1]["data"]["content"] == ""
