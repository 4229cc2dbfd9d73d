import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings_local.front_door.answers import MalformedAnswerError, answer_of
from tidings_local.front_door.http import Headers, Response

JSON_TYPE = (b"Content-Type", b"application/json")


def answer(accepts_bytes: bool = False, **fields: Any) -> Response:
    return answer_of(json.dumps(fields).encode(), accepts_bytes=accepts_bytes)


def headers(**fields: Any) -> Headers:
    return answer(**fields).headers


def test_empty_answer_is_200() -> None:
    response = answer()
    assert (response.status, response.headers, response.body) == (200, [JSON_TYPE], b"")


@pytest.mark.parametrize(
    ("given", "status"), [(201, 201), ("404", 404), (None, 200), (503.0, 503), (599, 599)]
)
def test_status(given: Any, status: int) -> None:
    assert answer(statusCode=given).status == status


@pytest.mark.parametrize("given", ["", None])
def test_empty_bodies(given: str | None) -> None:
    assert answer(body=given, isBase64Encoded=True, accepts_bytes=True).body == b""


def test_body_is_utf_8() -> None:
    assert answer(body="grün €").body == "grün €".encode()


def test_base64_is_decoded_for_clients_that_accept_bytes() -> None:
    text = base64.b64encode(b"\0\xff").decode()
    assert answer(True, body=text, isBase64Encoded=True).body == b"\0\xff"
    assert answer(False, body=text, isBase64Encoded=True).body == text.encode()
    assert answer(True, body=text, isBase64Encoded=False).body == text.encode()


def test_headers_keep_their_letters_and_order() -> None:
    given = {"X-B": "1", "x-a": "2", "Content-type": "text/plain"}
    assert headers(headers=given) == [
        (b"X-B", b"1"),
        (b"x-a", b"2"),
        (b"Content-type", b"text/plain"),
    ]


def test_last_spelling_of_a_header_wins() -> None:
    given = {"Content-Type": "a/a", "X-A": "1", "content-type": "b/b", "x-a": "2"}
    assert headers(headers=given) == [(b"content-type", b"b/b"), (b"x-a", b"2")]


def test_values_of_headers() -> None:
    assert headers(headers={"A": True, "B": False, "C": "grün", "D": "€"})[1:] == [
        (b"A", b"true"),
        (b"B", b"false"),
        (b"C", "grün".encode("latin-1")),
        (b"D", "€".encode()),
    ]


def test_multi_values() -> None:
    cookies = ["a=1", "b=2"]
    assert headers(multiValueHeaders={"Set-Cookie": cookies}) == [
        JSON_TYPE,
        (b"Set-Cookie", b"a=1"),
        (b"Set-Cookie", b"b=2"),
    ]


def test_both_are_merged_and_equal_values_are_sent_once() -> None:
    merged = headers(
        headers={"x-a": "3", "X-B": "1", "X-C": "4"},
        multiValueHeaders={"X-A": ["1", "2"], "X-B": ["1"], "Content-Type": ["text/plain"]},
    )
    assert merged == [
        (b"X-A", b"1"),
        (b"X-A", b"2"),
        (b"X-A", b"3"),
        (b"X-B", b"1"),
        (b"Content-Type", b"text/plain"),
        (b"X-C", b"4"),
    ]


@pytest.mark.parametrize(
    "name",
    [
        *("Authorization", "Connection", "Content-Length", "Content-MD5", "Date", "Expect"),
        *("Host", "Max-Forwards", "Proxy-Authenticate", "Server", "Trailer", "Upgrade"),
        *("User-Agent", "WWW-Authenticate"),
    ],
)
def test_remapped(name: str) -> None:
    remapped = (f"x-amzn-Remapped-{name}".encode(), b"1")
    assert headers(headers={name: "1"}) == [JSON_TYPE, remapped]
    assert headers(headers={name.upper(): "1"}) == [JSON_TYPE, remapped]


@pytest.mark.parametrize(
    "name", ["Transfer-Encoding", "x-amzn-RequestId", "X-Amz-Apigw-Id", "x-amzn-trace-id"]
)
def test_dropped(name: str) -> None:
    assert headers(headers={name: "1"}) == [JSON_TYPE]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"nope",
        b"null",
        b'"text"',
        b"[]",
        b"7",
        b'{"body": "\\ud800"}',
        b'{"errorMessage": "no", "errorType": "Error"}',
        b'{"statusCode": 200, "cookies": []}',
        b'{"statuscode": 200}',
    ],
)
def test_missing_answer(payload: bytes) -> None:
    with pytest.raises(MalformedAnswerError):
        answer_of(payload, accepts_bytes=False)


@pytest.mark.parametrize(
    "fields",
    [
        {"statusCode": "ok"},
        {"statusCode": []},
        {"statusCode": 0},
        {"statusCode": ""},
        {"statusCode": 99},
        {"statusCode": 101},
        {"statusCode": 600},
        {"statusCode": -1},
        {"statusCode": 1e400},
        {"body": {}},
        {"body": ["a"]},
        {"body": 1},
        {"body": False},
        {"isBase64Encoded": "true"},
        {"isBase64Encoded": 7},
        {"headers": []},
        {"headers": "a: b"},
        {"headers": {"a": 1}},
        {"headers": {"a": None}},
        {"headers": {"a": ["1"]}},
        {"headers": {"": "1"}},
        {"headers": {"a b": "1"}},
        {"headers": {"a:": "1"}},
        {"headers": {"grün": "1"}},
        {"headers": {"a\r\nb": "1"}},
        {"headers": {"a": "1\r\nSet-Cookie: b=1"}},
        {"headers": {"a": "1\n"}},
        {"headers": {"a": "\0"}},
        {"multiValueHeaders": {"a": "1"}},
        {"multiValueHeaders": {"a": [["1"]]}},
        {"multiValueHeaders": ["a"]},
    ],
)
def test_malformed_fields(fields: dict[str, Any]) -> None:
    with pytest.raises(MalformedAnswerError):
        answer(**fields)


def test_invalid_base64() -> None:
    with pytest.raises(MalformedAnswerError):
        answer(True, body="a", isBase64Encoded=True)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
FIELDS = ["statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"]


@given(st.dictionaries(st.sampled_from(FIELDS), VALUES), st.booleans())
def test_any_answer_can_be_sent_or_is_malformed(fields: dict[str, Any], accepts: bool) -> None:
    try:
        response = answer(accepts, **fields)
    except MalformedAnswerError:
        return
    assert 200 <= response.status <= 599
    for name, value in response.headers:
        assert name
        assert not set(name + value) & set(b"\r\n\0")
