"""Tests of answers as bytes, by RFC 9110 and RFC 9112."""

import json

import pytest

from tests.unit.front_door.builders import a_request
from tidings_local.front_door import wire
from tidings_local.front_door.http import Headers, Response
from tidings_local.front_door.wire import Refusal, UnsafeHeaderError

DATE = b"Sun, 29 Nov 2026 12:00:00 GMT"


def written(
    status: int = 200,
    headers: Headers | None = None,
    body: bytes = b"ok",
    *,
    to: str = "GET",
    version: str = "1.1",
    keep: bool = True,
) -> tuple[bytes, list[bytes], bytes]:
    """Return the status line, the headers and the body of an answer."""
    response = Response(status=status, headers=headers or [], body=body)
    data = wire.answer(response, to=to, version=version, keep=keep, date=DATE)
    head, _, rest = data.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    return first, lines, rest


def test_length_counts_bytes_and_a_missing_date_is_added() -> None:
    assert written(body="ü".encode()) == (
        b"HTTP/1.1 200 OK",
        [b"Date: " + DATE, b"Content-Length: 2"],
        "ü".encode(),
    )


@pytest.mark.parametrize(("status", "reason"), [(418, b"I'm a Teapot"), (299, b"Unknown")])
def test_each_status_has_a_reason(status: int, reason: bytes) -> None:
    assert written(status)[0] == b"HTTP/1.1 %d %b" % (status, reason)


@pytest.mark.parametrize(
    "name",
    [b"Content-Length", b"content-length", b"TRANSFER-ENCODING", b"Connection", b"keep-Alive"],
)
def test_functions_do_not_set_the_framing_headers(name: bytes) -> None:
    """Otherwise a function's `Content-Length: 0` would make its body the next answer."""
    _, lines, body = written(headers=[(name, b"0")])
    assert lines == [b"Date: " + DATE, b"Content-Length: 2"]
    assert body == b"ok"


def test_date_of_a_function_is_kept() -> None:
    _, lines, _ = written(headers=[(b"date", b"yesterday")])
    assert lines == [b"date: yesterday", b"Content-Length: 2"]


@pytest.mark.parametrize("status", [204, 304])
def test_answer_that_has_no_body_has_no_length(status: int) -> None:
    """RFC 9112, 6.3: the answer ends after its head, regardless of its headers."""
    _, lines, body = written(status)
    assert lines == [b"Date: " + DATE]
    assert body == b""


def test_answer_to_head_has_the_length_of_the_omitted_body() -> None:
    _, lines, body = written(to="HEAD")
    assert b"Content-Length: 2" in lines
    assert body == b""


@pytest.mark.parametrize(
    ("version", "keep", "expected"),
    [
        ("1.1", True, None),
        ("1.1", False, b"Connection: close"),
        ("1.0", True, b"Connection: keep-alive"),
        ("1.0", False, b"Connection: close"),
    ],
)
def test_connection_header_is_sent_where_it_differs_from_the_default(
    version: str, keep: bool, expected: bytes | None
) -> None:
    _, lines, _ = written(version=version, keep=keep)
    assert [line for line in lines if line.startswith(b"Connection")] == (
        [expected] if expected else []
    )


@pytest.mark.parametrize("part", [b"\r\nSet-Cookie: a=b", b"\n", b"\r", b"a\r\n\r\n<html>"])
def test_header_with_a_line_break_is_never_sent(part: bytes) -> None:
    for header in [(b"X-A", part), (b"X-A" + part, b"b"), (b"date", part)]:
        with pytest.raises(UnsafeHeaderError):
            written(headers=[header])


def test_repeated_headers_stay_apart_and_in_order() -> None:
    cookies = [(b"Set-Cookie", b"a=1"), (b"X", b""), (b"set-cookie", b"b=2")]
    _, lines, _ = written(headers=cookies)
    assert lines[:3] == [b"Set-Cookie: a=1", b"X: ", b"set-cookie: b=2"]


def test_refusal_is_json_also_with_quotes_and_umlauts() -> None:
    refusal = Refusal(status=503, message='no "answer": ü\r\n', headers=[(b"Retry-After", b"1")])
    response = refusal.response()
    assert json.loads(response.body) == {"message": 'no "answer": ü\r\n'}
    assert response.headers == [(b"Content-Type", b"application/json"), (b"Retry-After", b"1")]
    assert b"\r" not in response.body


# ------------------------------------------------------------- requests forwarded to LocalStack


def test_head_of_a_request_keeps_target_letters_and_order() -> None:
    request = a_request("/a%2Fb?q=%20", "POST", headers=[(b"x-B", b"1"), (b"X-a", b"\xff")])
    assert wire.request_head(request) == (
        b"POST /a%2Fb?q=%20 HTTP/1.1\r\nHost: localhost:4566\r\nx-B: 1\r\nX-a: \xff\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("size", "digits"), [(1, b"1"), (10, b"a"), (16, b"10"), (65536, b"10000")]
)
def test_chunk_has_its_size_in_hexadecimal(size: int, digits: bytes) -> None:
    assert wire.chunk(b"x" * size) == digits + b"\r\n" + b"x" * size + b"\r\n"


def test_last_chunk_ends_a_body_with_its_trailers() -> None:
    assert wire.last_chunk([]) == b"0\r\n\r\n"
    assert wire.last_chunk([(b"X-Sum", b"1")]) == b"0\r\nX-Sum: 1\r\n\r\n"


def test_every_transfer_encoding_is_found() -> None:
    """Two encodings, or one in capital letters, must not be taken for a known one."""
    headers = [
        (b"TRANSFER-encoding", b"GZip"),
        (b"X", b"chunked"),
        (b"Transfer-Encoding", b"Chunked"),
    ]
    assert wire.codings(headers) == [b"gzip", b"chunked"]
    assert wire.codings([(b"TE", b"chunked")]) == []
