import re
import time
from typing import Any

import pytest

from tests.unit.front_door.builders import (
    PREFIX,
    a_method,
    a_request,
    a_resource,
    a_stage,
    event_for,
)


def test_a_plain_request() -> None:
    stage = a_stage(a_resource("/orders/{order_id}"), variables={"color": "blue"})
    request = a_request(
        f"{PREFIX}/orders/7?a=1&a=2", "POST", headers=[(b"X-One", b"1")], body="grün".encode()
    )
    event = event_for(request, stage)
    context = event.pop("requestContext")
    assert event.pop("headers").items() >= {"Host": "localhost:4566", "X-One": "1"}.items()
    assert event.pop("multiValueHeaders").items() >= {"X-One": ["1"]}.items()
    assert event == {
        "resource": "/orders/{order_id}",
        "path": "/orders/7",
        "httpMethod": "POST",
        "queryStringParameters": {"a": "2"},
        "multiValueQueryStringParameters": {"a": ["1", "2"]},
        "pathParameters": {"order_id": "7"},
        "stageVariables": {"color": "blue"},
        "body": "grün",
        "isBase64Encoded": False,
    }
    assert (context["httpMethod"], context["path"]) == ("POST", "/local/orders/7")


def test_missing_parts_are_null() -> None:
    event = event_for(a_request())
    names = ("queryStringParameters", "multiValueQueryStringParameters", "pathParameters")
    assert {event[name] for name in (*names, "stageVariables", "body")} == {None}
    assert event["isBase64Encoded"] is False


def test_request_context() -> None:
    before = int(time.time() * 1000)
    request = a_request(headers=[(b"user-agent", b"curl/8")])
    request.headers[0] = (b"Host", b"tidings.execute-api.localhost:4566")
    context = event_for(request)["requestContext"]
    assert re.fullmatch(r"[0-9a-f-]{36}", context.pop("requestId"))
    assert re.fullmatch(r"[\w+/]{15}=", context.pop("extendedRequestId"))
    assert before <= context.pop("requestTimeEpoch") <= int(time.time() * 1000)
    assert re.fullmatch(
        r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", context.pop("requestTime")
    )
    identity = context.pop("identity")
    assert {name for name, value in identity.items() if value is None} == {
        "accountId",
        "accessKey",
        "caller",
        "cognitoAuthenticationProvider",
        "cognitoAuthenticationType",
        "cognitoIdentityId",
        "cognitoIdentityPoolId",
        "principalOrgId",
        "user",
        "userArn",
    }
    assert (identity["sourceIp"], identity["userAgent"]) == ("192.0.2.7", "curl/8")
    assert context == {
        "accountId": "000000000000",
        "apiId": "tidings",
        "deploymentId": "d1",
        "domainName": "tidings.execute-api.localhost:4566",
        "domainPrefix": "tidings",
        "httpMethod": "GET",
        "path": "/local/graphql",
        "protocol": "HTTP/1.1",
        "resourceId": "id of /graphql",
        "resourcePath": "/graphql",
        "stage": "local",
    }


@pytest.mark.parametrize(
    ("sent", "path", "proxy"),
    [
        ("/a%2Fb", "/a%2Fb", "a%2Fb"),
        ("/a%20b+c", "/a%20b+c", "a%20b+c"),
        ("/a/", "/a/", "a"),
        ("/a//b", "/a//b", "a//b"),
        ("//a", "/a", "a"),
        ("/../a/./b", "/../a/./b", "../a/./b"),
        ("/a;b=c", "/a;b=c", "a;b=c"),
        ("/ü", "/ü", "ü"),
    ],
)
def test_paths_stay_encoded(sent: str, path: str, proxy: str) -> None:
    event = event_for(a_request(PREFIX + sent), a_stage(a_resource("/{proxy+}")))
    assert (event["path"], event["pathParameters"]) == (path, {"proxy": proxy})
    assert event["requestContext"]["path"] == "/local" + sent


@pytest.mark.parametrize("sent", ["", "/"])
def test_the_root(sent: str) -> None:
    event = event_for(a_request(PREFIX + sent), a_stage(a_resource("/")))
    assert (event["path"], event["resource"]) == ("/", "/")


@pytest.mark.parametrize(
    ("content_type", "body", "text", "is_base64"),
    [
        (b"text/csv", b"a,b", "YSxi", True),
        (b"text/csv", b"\xff\xfea\0", "//5hAA==", True),
        (b"text/csv", b"", None, False),
        (b"application/json", b"{}", "{}", False),
        (b"application/json", b"a\xffb", "a�b", False),
        (b"application/json", b'\0\x1f"\\', '\0\x1f"\\', False),
    ],
)
def test_bodies(content_type: bytes, body: bytes, text: str | None, is_base64: bool) -> None:
    stage = a_stage(binary_media_types=["text/csv"])
    request = a_request(method="POST", headers=[(b"content-type", content_type)], body=body)
    event = event_for(request, stage)
    assert (event["body"], event["isBase64Encoded"]) == (text, is_base64)


def test_body_without_a_type() -> None:
    event = event_for(a_request(method="POST", body=b"x"), a_stage(binary_media_types=["*/*"]))
    assert (event["body"], event["isBase64Encoded"]) == ("eA==", True)


def test_each_request_has_its_own_ids() -> None:
    events: list[dict[str, Any]] = [event_for(a_request()) for _ in range(2)]
    for name in ("requestId", "extendedRequestId"):
        assert len({event["requestContext"][name] for event in events}) == 2
    assert len({event["headers"]["X-Amzn-Trace-Id"] for event in events}) == 2


def test_any_has_the_method_of_the_request() -> None:
    stage = a_stage(a_resource("/graphql", a_method("ANY")))
    assert event_for(a_request(method="PATCH"), stage)["httpMethod"] == "PATCH"
