"""Events have the fields of the samples that Powertools for AWS Lambda (Python) publishes.

The names were read on 2026-11-30 from `tests/events` of aws-powertools/powertools-lambda-python on
GitHub (commit fa1c29f, MIT-0): rabbitMQEvent, apiGatewayProxyEvent, eventBridgeEvent. Nothing else
of these files is used. The types are those of the samples' values, where they are not null.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from pika.spec import BasicProperties

from tests.contract.project import ROOT
from tests.unit.front_door.builders import a_request, event_for
from tidings_local.bridge.event import Envelope, encode_record

# The type of each field by its path.
Shape = dict[str, type[Any]]

SAMPLES: Final = {
    path.stem: json.loads(path.read_text()) for path in (ROOT / "events/lambda").glob("*.json")
}
# The fields whose content belongs to the caller.
FREE: Final = frozenset(
    {"headers", "multiValueHeaders", "detail", "rmqMessagesByQueue", "resources"}
    | {"queryStringParameters", "multiValueQueryStringParameters", "pathParameters"}
    | {"stageVariables"}
)
API_GATEWAY: Final[Shape] = {
    **dict.fromkeys(("resource", "path", "httpMethod", "body"), str),
    **dict.fromkeys(("headers", "multiValueHeaders"), dict),
    **dict.fromkeys(("queryStringParameters", "multiValueQueryStringParameters"), dict),
    **dict.fromkeys(("pathParameters", "stageVariables"), dict),
    "isBase64Encoded": bool,
    **{
        f"requestContext.{name}": str
        for name in (
            *("accountId", "apiId", "domainName", "domainPrefix", "extendedRequestId", "stage"),
            *("httpMethod", "path", "protocol", "requestId", "requestTime", "resourcePath"),
            "resourceId",
        )
    },
    "requestContext.requestTimeEpoch": int,
    **{
        f"requestContext.identity.{name}": str
        for name in (
            *("accessKey", "accountId", "caller", "cognitoAuthenticationProvider", "userArn"),
            *("cognitoAuthenticationType", "cognitoIdentityId", "cognitoIdentityPoolId", "user"),
            *("principalOrgId", "sourceIp", "userAgent"),
        )
    },
}
# In the sample, and not in ours: `version` is of HTTP APIs, which have no REST stage; an authorizer
# and a client's certificate (mTLS) are not used here.
NOT_OURS: Final = {"version", "requestContext.authorizer", "requestContext.identity.clientCert"}
# In ours, and not in the sample: API Gateway has sent it since 2023.
NEWER: Final = {"requestContext.deploymentId"}
AMAZON_MQ: Final[Shape] = {"eventSource": str, "eventSourceArn": str, "rmqMessagesByQueue": dict}
MESSAGE: Final[Shape] = {
    "redelivered": bool,
    "data": str,
    **{
        f"basicProperties.{name}": str
        for name in (
            *("contentType", "contentEncoding", "correlationId", "replyTo", "expiration"),
            *("messageId", "timestamp", "type", "userId", "appId", "clusterId"),
        )
    },
    "basicProperties.headers": dict,
    **dict.fromkeys(
        ("basicProperties.deliveryMode", "basicProperties.priority", "basicProperties.bodySize"),
        int,
    ),
}
EVENT_BRIDGE: Final[Shape] = {
    **dict.fromkeys(("version", "id", "detail-type", "source", "account", "time", "region"), str),
    "resources": list,
    "detail": dict,
}


def fields(value: dict[str, Any], within: str = "") -> Iterator[tuple[str, Any]]:
    """Return each field of an event by its path, without the content of free ones."""
    for name, content in value.items():
        path = f"{within}{name}"
        if isinstance(content, dict) and name not in FREE:
            yield from fields(content, f"{path}.")
        else:
            yield path, content


def differences(
    event: dict[str, Any], published: Shape, ignored: frozenset[str] = frozenset()
) -> list[str]:
    """Say which fields are missing, unknown, or of another type."""
    found = {path: content for path, content in fields(event) if path not in ignored}
    missing = [f"missing: {name}" for name in published.keys() - found.keys()]
    unknown = [f"unknown: {name}" for name in found.keys() - published.keys()]
    return sorted(missing + unknown) + [
        f"type: {name}"
        for name, content in found.items()
        if content is not None and not isinstance(content, published.get(name, object))
    ]


def test_differences_are_found() -> None:
    event = {"eventSource": 7, "more": 1, "rmqMessagesByQueue": {"a::/": []}}
    assert differences(event, AMAZON_MQ) == [
        *("missing: eventSourceArn", "unknown: more", "type: eventSource"),
    ]


def test_front_door_sends_the_event_of_api_gateway() -> None:
    given = event_for(a_request(headers=[(b"user-agent", b"curl/8")], body=b"{}"))
    assert differences(given, API_GATEWAY, frozenset(NEWER)) == []
    assert not NOT_OURS & {path for path, _ in fields(given)}


@pytest.mark.parametrize("name", sorted(each for each in SAMPLES if "httpMethod" in SAMPLES[each]))
def test_samples_of_requests_have_its_fields(name: str) -> None:
    assert differences(SAMPLES[name], API_GATEWAY, frozenset(NEWER)) == []


def test_bridge_sends_the_event_of_amazon_mq() -> None:
    properties = BasicProperties(content_type="application/json", delivery_mode=2, timestamp=1)
    record = encode_record(properties, False, b"{}")
    given = json.loads(Envelope("arn:aws:mq:...", "orders", "/").enclose([record]))
    assert differences(given, AMAZON_MQ) == []
    (message,) = given["rmqMessagesByQueue"]["orders::/"]
    assert list(differences(message, MESSAGE, frozenset())) == []


@pytest.mark.parametrize(
    "name", sorted(each for each in SAMPLES if "rmqMessagesByQueue" in SAMPLES[each])
)
def test_samples_of_messages_have_its_fields(name: str) -> None:
    assert differences(SAMPLES[name], AMAZON_MQ) == []
    for key, messages in SAMPLES[name]["rmqMessagesByQueue"].items():
        assert key.endswith("::/")
        for message in messages:
            assert differences(message, MESSAGE) == []


@pytest.mark.parametrize("name", sorted(each for each in SAMPLES if "detail-type" in SAMPLES[each]))
def test_samples_of_rules_have_the_fields_of_eventbridge(name: str) -> None:
    assert differences(SAMPLES[name], EVENT_BRIDGE) == []
    assert SAMPLES[name]["detail-type"] == "Scheduled Event"
