import pytest

from tests.unit.front_door.builders import a_request
from tidings_local.front_door.http import Headers
from tidings_local.front_door.request_headers import ReceivedHeaders


def received(*headers: tuple[str, str], secure: bool = True) -> ReceivedHeaders:
    pairs: Headers = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return ReceivedHeaders(a_request(headers=pairs, secure=secure), "tidings")


def test_added_headers() -> None:
    headers = received()
    trace = headers.multi.pop("X-Amzn-Trace-Id")
    assert trace == [headers.trace_id]
    assert headers.multi == {
        "Host": ["localhost:4566"],
        "Accept": ["application/json"],
        "User-Agent": ["AmazonAPIGateway_tidings"],
        "X-Forwarded-For": ["192.0.2.7"],
        "X-Forwarded-Port": ["4566"],
        "X-Forwarded-Proto": ["https"],
    }


def test_user_agent_comes_from_the_client_only() -> None:
    assert received().user_agent is None
    assert received(("user-agent", "curl/8")).user_agent == "curl/8"
    assert received(("user-agent", "")).user_agent == ""


@pytest.mark.parametrize(
    "name",
    [
        *("Connection", "content-length", "Content-MD5", "Expect", "Max-Forwards", "TE"),
        *("Trailer", "Proxy-Authenticate", "SERVER", "Transfer-Encoding", "Upgrade"),
        "WWW-Authenticate",
    ],
)
def test_dropped(name: str) -> None:
    assert name not in received((name, "1")).multi


def test_names_keep_the_clients_case() -> None:
    headers = received(("x-LOWER", "1"), ("Content-type", "a/b"), ("COOKIE", "a=1; b=2"))
    assert {"x-LOWER", "Content-type", "COOKIE"} <= headers.multi.keys()


def test_two_names_get_canonical_case() -> None:
    headers = received(("authorization", "Bearer x"), ("USER-AGENT", "curl/8"))
    assert headers.multi["Authorization"] == ["Bearer x"]
    assert headers.multi["User-Agent"] == ["curl/8"]


def test_repeated_headers_have_the_first_ones_case() -> None:
    headers = received(("X-a", "1"), ("b", "2"), ("x-A", "3"), ("X-A", ""))
    assert headers.multi["X-a"] == ["1", "3", ""]
    assert headers.last_values()["X-a"] == ""
    assert not {"x-A", "X-A"} & headers.multi.keys()


def test_values_are_latin_1() -> None:
    assert received(("X-Name", "grün")).multi["X-Name"] == ["grün"]


@pytest.mark.parametrize("value", ["", "text/html"])
def test_accept(value: str) -> None:
    headers = received(("ACCEPT", value))
    assert headers.multi["ACCEPT" if value else "Accept"] == [value or "application/json"]
    assert ("ACCEPT" in headers.multi) == bool(value)


def test_forwarding_headers_of_a_client() -> None:
    headers = received(
        ("x-forwarded-for", "198.51.100.1"),
        ("X-FORWARDED-PROTO", "ftp"),
        ("x-forwarded-port", "1"),
        ("X-Forwarded-Host", "elsewhere"),
    )
    assert headers.multi["X-Forwarded-For"] == ["198.51.100.1, 192.0.2.7"]
    assert headers.multi["X-Forwarded-Proto"] == ["https"]
    assert headers.multi["X-Forwarded-Port"] == ["4566"]
    assert headers.multi["X-Forwarded-Host"] == ["elsewhere"]
    assert not {"x-forwarded-for", "X-FORWARDED-PROTO"} & headers.multi.keys()


@pytest.mark.parametrize(
    ("host", "secure", "port"),
    [
        (b"api.example", True, "443"),
        (b"api.example", False, "80"),
        (b"[::1]", True, "443"),
        (b"[::1]:4567", True, "4567"),
        (b"127.0.0.1:80", False, "80"),
        (b"", False, "80"),
    ],
)
def test_port(host: bytes, secure: bool, port: str) -> None:
    request = a_request(secure=secure)
    request.headers[0] = (b"Host", host)
    headers = ReceivedHeaders(request, "tidings")
    assert headers.multi["X-Forwarded-Port"] == [port]
    assert headers.multi["X-Forwarded-Proto"] == ["https" if secure else "http"]


def test_a_new_trace() -> None:
    root, parent, sampled = received().trace_id.split(";")
    version, seconds, rest = root.removeprefix("Root=").split("-")
    assert (version, len(seconds), len(rest)) == ("1", 8, 24)
    assert len(parent.removeprefix("Parent=")) == 16
    assert sampled == "Sampled=0"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Root=1-a;Parent=b;Sampled=0", "Root=1-a;Parent=b;Sampled=0"),
        ("root=1-a;PARENT=b", "Root=1-a;Parent=b;Sampled=1"),
    ],
)
def test_a_clients_trace(given: str, expected: str) -> None:
    headers = received(("x-amzn-trace-id", given))
    assert headers.trace_id == expected
    assert headers.multi["X-Amzn-Trace-Id"] == [expected]
    assert "x-amzn-trace-id" not in headers.multi


def test_a_clients_root_alone() -> None:
    assert received(("X-Amzn-Trace-Id", "Root=1-a;x;y=1=2")).trace_id.startswith("Root=1-a;Parent=")
