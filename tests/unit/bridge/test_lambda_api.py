"""Tests of the Lambda API client against an HTTP endpoint."""

from collections.abc import Iterator

import pytest

from tests.unit.bridge.lambda_endpoint import (
    ARN,
    BROKEN_GATEWAY,
    FUNCTION_ERROR,
    SUCCESS,
    THROTTLED,
    LambdaEndpoint,
    Reply,
)
from tidings_local.bridge.lambda_api import Invoker, LambdaApi, Result

REFUSED = Reply(403, b"{}", headers={"X-Amzn-ErrorType": "AccessDeniedException"})
FUNCTION = f"{ARN}reserve"


@pytest.fixture
def endpoint() -> Iterator[LambdaEndpoint]:
    with LambdaEndpoint() as endpoint:
        yield endpoint


@pytest.fixture
def api(endpoint: LambdaEndpoint, monkeypatch: pytest.MonkeyPatch) -> LambdaApi:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return LambdaApi(endpoint.url, connections=2)


def test_all_pages_are_read(endpoint: LambdaEndpoint, api: LambdaApi) -> None:
    for number in range(5):
        endpoint.map(f"queue-{number}", "reserve")
    found = [entry["Queues"] for entry in api.event_source_mappings()]
    assert found == [[f"queue-{number}"] for number in range(5)]


@pytest.mark.parametrize(
    ("reply", "result", "detail"),
    [
        (SUCCESS, Result.SUCCESS, ""),
        (FUNCTION_ERROR, Result.FUNCTION_ERROR, "Unhandled"),
        (THROTTLED, Result.THROTTLED, "TooManyRequestsException"),
        (BROKEN_GATEWAY, Result.UNREACHABLE, "502"),
        (REFUSED, Result.REFUSED, "AccessDeniedException"),
    ],
)
def test_outcome(
    endpoint: LambdaEndpoint, api: LambdaApi, reply: Reply, result: Result, detail: str
) -> None:
    endpoint.behave("reserve", reply)
    outcome = Invoker(api, FUNCTION)(b'{"an": "event"}')
    assert outcome.result is result
    assert detail in outcome.detail
    # The bridge does the retries, so botocore must not.
    assert [item.payload for item in endpoint.of("reserve")] == [b'{"an": "event"}']


def test_answer_of_the_function_is_not_in_the_outcome(
    endpoint: LambdaEndpoint, api: LambdaApi
) -> None:
    endpoint.behave("reserve", FUNCTION_ERROR)
    assert "KeyError" not in str(Invoker(api, FUNCTION)(b"{}"))


def test_endpoint_that_does_not_listen(endpoint: LambdaEndpoint, api: LambdaApi) -> None:
    endpoint.stop()
    assert Invoker(api, FUNCTION)(b"{}").result is Result.UNREACHABLE


def test_function_of_unknown_timeout_gets_the_longest(
    endpoint: LambdaEndpoint, api: LambdaApi, caplog: pytest.LogCaptureFixture
) -> None:
    invoker = Invoker(api, f"{ARN}unknown")
    endpoint.timeouts["unknown"] = LambdaEndpoint.DENIED
    assert invoker(b"{}").result is Result.SUCCESS
    assert invoker(b"{}").result is Result.SUCCESS
    assert [record.message for record in caplog.records] == [
        "function timeout unknown, the longest is assumed"
    ]
