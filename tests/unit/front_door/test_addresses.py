import pytest

from tidings_local.front_door.addresses import Address, address_of
from tidings_local.front_door.http import Headers

HEADERS: Headers = [(b"Accept", b"*/*"), (b"host", b"localhost:4566")]


def a_host(name: str) -> Headers:
    return [(b"HOST", name.encode())]


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/_aws/execute-api/tidings/local", "", ""),
        ("/_aws/execute-api/tidings/local/", "/", ""),
        ("/_aws/execute-api/tidings/local/graphql", "/graphql", ""),
        ("/_aws/execute-api/TIDINGS/local/graphql?query=1", "/graphql", "query=1"),
        ("/_aws/execute-api/tidings/local?a=/b?c", "", "a=/b?c"),
        ("/_aws/execute-api/tidings/local//a%2Fb//", "//a%2Fb//", ""),
        ("/_aws/execute-api/tidings/local/local/local", "/local/local", ""),
        ("/_aws/execute-api/tidings/local/_user_request_/a", "/_user_request_/a", ""),
        ("/restapis/tidings/local/_user_request_", "", ""),
        ("/restapis/tidings/local/_user_request_/a//b?c", "/a//b", "c"),
    ],
)
def test_paths_of_localstack(target: str, path: str, query: str) -> None:
    assert address_of(target.encode(), HEADERS) == Address("tidings", "local", path, query)


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "",
        "*",
        "/_aws/execute-api/",
        "/_aws/execute-api/tidings",
        "/_aws/execute-api/tidings/",
        "/_aws/execute-api//local/graphql",
        "/_aws/ses",
        "/restapis",
        "/restapis/tidings/stages/local",
        "/restapis/tidings/local/_user_request_s/a",
        "http://localhost:4566/_aws/execute-api/tidings/local/graphql",
    ],
)
def test_other_paths_have_no_address(target: str) -> None:
    assert address_of(target.encode(), HEADERS) is None


def test_host_names_of_aws() -> None:
    headers = a_host("Tidings.execute-api.localhost.localstack.cloud:4566")
    assert address_of(b"/local/a?b", headers) == Address("tidings", "local", "/a", "b")
    assert address_of(b"/local", headers) == Address("tidings", "local", "", "")


@pytest.mark.parametrize(
    "host", ["execute-api.local", "x.lambda.local", "vpce-1.execute-api.local", "x-vpce-1.execute"]
)
def test_other_host_names(host: str) -> None:
    assert address_of(b"/local/a", a_host(host)) is None


def test_host_name_without_a_stage() -> None:
    assert address_of(b"/", a_host("tidings.execute-api.localhost")) is None


def test_path_that_is_not_utf_8() -> None:
    found = address_of(b"/_aws/execute-api/tidings/local/\xff", HEADERS)
    assert found == Address("tidings", "local", "/�", "")
