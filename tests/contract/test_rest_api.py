"""The front door makes the same events and answers as LocalStack."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.rest_api.differences import comparable
from tests.contract.rest_api.ways import PREFIX, Answered, Sent, Way, new_way, old_way

COOKIES: Final = (("Cookie", "a=1; b=2"), ("cookie", "c=3"))
JSON: Final = ("Content-Type", "application/json")
CSV: Final = ("content-type", "text/csv; charset=utf-16")


@dataclass(frozen=True)
class Both:
    old: Way
    new: Way

    def send(self, sent: Sent) -> tuple[Answered, Answered]:
        return self.old.send(sent), self.new.send(sent)

    def compare_events(self, sent: Sent) -> None:
        first, second = self.send(sent)
        assert second.status == first.status
        if first.status != 200:
            assert json.loads(second.body) == json.loads(first.body)
            return
        client_trace = any(name.lower() == "x-amzn-trace-id" for name, _ in sent.headers)
        expected = comparable(first.event(), client_trace=client_trace)
        assert comparable(second.event(), client_trace=client_trace) == expected


@pytest.fixture(scope="module")
def ways() -> Iterator[Both]:
    with old_way() as old, new_way() as new:
        yield Both(old, new)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "//",
        "/orders",
        "/orders/",
        "/orders//",
        "//orders",
        "///orders/7",
        "/orders/7",
        "/orders/7/",
        "/orders/latest",
        "/orders/latest/",
        "/orders/l%61test",
        "/orders/a%2Fb",
        "/orders/a%2fb%25",
        "/orders/a+b%20c",
        "/orders/%C3%BC",
        "/orders/%zz%",
        "/orders/..",
        "/orders/./7",
        "/orders/7/notes/8",
        "/orders/latest/notes/8",
        "/orders//notes/8",
        "/orders/7/notes",
        "/files/a",
        "/files/a/b/c",
        "/files/a//b/",
        "/files//a",
        "/files/",
        "/files",
        "/files/known",
        "/files/known/x",
        "/files/a=b&c:d@e!$'()*,~",
        "/files/local/local",
        "/files/a.b..c/../d",
        "/files/%2e%2e/%00",
        "/nowhere",
        "/Orders",
        "/orders/7/8/9",
        "/strict/a",
    ],
)
def test_paths(ways: Both, path: str) -> None:
    ways.compare_events(Sent(PREFIX + path))


@pytest.mark.parametrize(
    "method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]
)
@pytest.mark.parametrize("path", ["/orders", "/orders/7", "/files/a", "/files/known", "/strict/a"])
def test_methods(ways: Both, method: str, path: str) -> None:
    ways.compare_events(Sent(PREFIX + path, method))


@pytest.mark.parametrize(
    "query",
    [
        "",
        "a=1",
        "a=1&a=2&b=&a=3",
        "a",
        "a&a=",
        "&&a=1&",
        "=1",
        "a=b=c",
        "a=1+2%2B3%20",
        "a%20b+c=1",
        "a=%C3%BC%E2%82%AC%F0%9F%98%80",
        "a=%ff%C3",
        "a=%ED%A0%80",
        "a=%zz%2",
        "a=%00%26%3D",
        "a[]=1&a%5B%5D=2",
        "a=?/?",
        "a=1;b=2",
        "a=%7B%22b%22%3A1%7D",
        "A=1&a=2",
        "a=" + "x" * 5000,
    ],
)
def test_query_strings(ways: Both, query: str) -> None:
    ways.compare_events(Sent(f"{PREFIX}/orders?{query}"))
    ways.compare_events(Sent(f"{PREFIX}?{query}"))


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("authorization", "Bearer x"),),
        (("USER-AGENT", "curl/8"), ("Accept", "text/html, */*;q=0.1")),
        (("user-agent", ""), ("accept", "")),
        (("X-One", "1"), ("x-two", "2"), ("x-ONE", "3")),
        (("X-One", "1"), ("X-One", ""), ("X-One", "1")),
        COOKIES,
        (("Accept-Encoding", "gzip, br"), ("Origin", "https://shop.example")),
        (("X-Name", "grün"), ("X-Comma", "a, b,c")),
        (("X-Forwarded-For", "198.51.100.1"), ("x-forwarded-proto", "https")),
        (("X-Forwarded-Host", "elsewhere"), ("Forwarded", "for=198.51.100.1")),
        (("X-Amzn-Trace-Id", "Root=1-a-b;Parent=c;Sampled=1"),),
        (("x-amzn-trace-id", "root=1-a-b;PARENT=c;Lineage=1"),),
        (("Referer", "https://shop.example/a?b"), ("Via", "1.1 x"), ("Range", "bytes=0-1")),
        (("Proxy-Authenticate", "x"), ("Server", "x"), ("WWW-Authenticate", "x"), ("TE", "x")),
        (("Content-MD5", "x"), ("Max-Forwards", "1"), ("Trailer", "x"), ("Upgrade", "h2c")),
        (("X-Empty", ""), ("X_Underscore", "1"), ("x.dot", "1"), ("If-None-Match", '"a"')),
    ],
)
def test_headers(ways: Both, headers: tuple[tuple[str, str], ...]) -> None:
    ways.compare_events(Sent(f"{PREFIX}/orders", headers=headers))


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ((JSON,), b'{"a": 1}'),
        ((JSON,), '{"a": "grün €"}'.encode()),
        ((JSON,), b'\0\x01\x1f\x7f"\\\r\n\t'),
        ((), b"no type"),
        ((("Content-Type", "text/plain"),), b"x" * 200_000),
        ((("content-type", ""),), b"empty type"),
        ((("Content-Encoding", "br"), JSON), b"as it is"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "GET"])
def test_bodies(ways: Both, method: str, headers: tuple[tuple[str, str], ...], body: bytes) -> None:
    ways.compare_events(Sent(f"{PREFIX}/files/a", method, headers, body))


@pytest.mark.parametrize(
    "target",
    [
        "/_aws/execute-api/TIDINGS/local/orders",
        "/restapis/tidings/local/_user_request_/orders/7?a=1",
        "/restapis/tidings/local/_user_request_/orders//",
    ],
)
def test_other_addresses(ways: Both, target: str) -> None:
    ways.compare_events(Sent(target))


PATHS = st.text(alphabet="ab/.-~%0zZ25F+!$&'()*,=:@", max_size=20)
QUERIES = st.text(alphabet="ab=&%+2FfcC3/?[].-", max_size=30)
NAMES = st.sampled_from(
    ["X-A", "x-a", "X-b", "Accept", "USER-AGENT", "authorization", "Cookie", "Pragma", "Age"]
)
VALUES = st.text(alphabet='aé ,;="%\\', max_size=10).map(str.strip)


@settings(
    max_examples=100,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    path=PATHS,
    query=QUERIES,
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    headers=st.lists(st.tuples(NAMES, VALUES), max_size=6),
    body=st.text(max_size=30),
)
def test_any_request(
    ways: Both,
    path: str,
    query: str,
    method: str,
    headers: list[tuple[str, str]],
    body: str,
) -> None:
    target = f"{PREFIX}/files/{path}?{query}"
    ways.compare_events(Sent(target, method, tuple(headers), body.encode()))


OF_THE_SERVER: Final = {"server", "date", "connection", "content-length", "transfer-encoding"}
OF_THE_CALL: Final = {"x-amzn-requestid", "x-amz-apigw-id", "x-amzn-trace-id"}


def headers_of(answer: Answered) -> list[tuple[str, str]]:
    return sorted(
        (name, value)
        for name, value in answer.headers
        if name.lower() not in OF_THE_SERVER | OF_THE_CALL
    )


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"statusCode": 404, "body": "nö"},
        {"statusCode": "201"},
        {"statusCode": 204},
        {"statusCode": 302, "headers": {"Location": "/a"}},
        {"headers": {"Content-type": "text/plain", "X-Mine": "a", "x-low": "b", "A": True}},
        {"headers": {"Content-Length": "7", "Server": "x", "Date": "now", "Connection": "close"}},
        {"headers": {"Transfer-Encoding": "chunked"}, "body": "x"},
        {"headers": {"x-amzn-RequestId": "mine", "X-Amzn-Trace-Id": "mine"}},
        {"multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]}},
        {"headers": {"x-a": "1"}, "multiValueHeaders": {"X-A": ["2", "3"]}},
        {"headers": None, "multiValueHeaders": None, "body": None, "isBase64Encoded": None},
        {"body": "aGk=", "isBase64Encoded": True},
        {"body": "aGk=", "isBase64Encoded": False},
        {"statusCode": 200, "headers": {"a": 1}},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "multiValueHeaders": {"a": "1"}},
        {"statusCode": "nope"},
        {"statusCode": 200, "cookies": ["a=1"]},
        {"errorMessage": "no", "errorType": "Error"},
        b"nope",
        b"",
        b"[]",
        b'"text"',
    ],
)
@pytest.mark.parametrize("accept", ["*/*", "image/png", "text/csv, */*", "*/*, text/csv"])
def test_answers(ways: Both, answer: Any, accept: str) -> None:
    sent = Sent(f"{PREFIX}/orders", headers=(("Accept", accept),), answer=answer)
    first, second = ways.send(sent)
    assert (second.status, second.body) == (first.status, first.body)
    assert headers_of(second) == headers_of(first)
    traced = [bool(each.values("x-amzn-trace-id")) for each in (first, second)]
    assert traced[0] == traced[1]


HEADER_NAMES: Final = [
    "X-A",
    "x-b",
    "Content-Type",
    "content-TYPE",
    "Set-Cookie",
    "Link",
    "ETag",
]
HEADER_VALUES = st.text(alphabet='aé ,;="%/', min_size=1, max_size=10).map(str.strip)
ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "statusCode": st.sampled_from([200, 204, 206, 301, 400, 404, 500, 599, "201"]),
        "headers": st.dictionaries(st.sampled_from(HEADER_NAMES), HEADER_VALUES | st.booleans()),
        "multiValueHeaders": st.dictionaries(
            st.sampled_from(["X-M", "x-n"]), st.lists(HEADER_VALUES, min_size=1, max_size=3)
        ),
        "body": st.none() | st.text(max_size=20),
        "isBase64Encoded": st.none() | st.booleans(),
        "errorMessage": st.just("no"),
    },
)


@settings(
    max_examples=100,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(answer=ANSWERS)
def test_any_answer(ways: Both, answer: dict[str, Any]) -> None:
    first, second = ways.send(Sent(f"{PREFIX}/orders", answer=answer))
    assert (second.status, second.body) == (first.status, first.body)
    assert headers_of(second) == headers_of(first)
