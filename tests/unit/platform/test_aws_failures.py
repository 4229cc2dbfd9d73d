"""What AWS's errors mean for a message."""

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from botocore.stub import Stubber

from tidings.platform.providers import aws, sns
from tidings.platform.providers.aws import meaning
from tidings.platform.providers.failures import DeliveryFailure, PermanentFailure, TemporaryFailure

URL = "https://ses.example"
APPLICATION = "arn:aws:sns:us-east-1:000000000000:app/APNS/tidings"


def failure(error: Exception) -> DeliveryFailure:
    with pytest.raises(DeliveryFailure) as failed, meaning({"MessageRejected": "rejected"}):
        raise error
    return failed.value


def refused(code: str, status: int = 400) -> DeliveryFailure:
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return failure(ClientError(answer, "SendRawEmail"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "status", "kind", "reason"),
    [
        ("MessageRejected", 400, PermanentFailure, "rejected"),
        ("SomethingNew", 400, PermanentFailure, "refused"),
        ("Throttling", 400, TemporaryFailure, "throttled"),
        ("SomethingNew", 429, TemporaryFailure, "throttled"),
        ("AccessDenied", 403, TemporaryFailure, "misconfigured"),
        ("ExpiredToken", 400, TemporaryFailure, "misconfigured"),
        ("InternalFailure", 500, TemporaryFailure, "unavailable"),
        ("SomethingNew", 503, TemporaryFailure, "unavailable"),
    ],
)
def test_errors_of_aws_are_told_apart(code: str, status: int, kind: type, reason: str) -> None:
    found = refused(code, status)
    assert (type(found), found.reason) == (kind, reason)


@pytest.mark.parametrize(
    ("error", "maybe_sent"),
    [
        (ReadTimeoutError(endpoint_url=URL), True),
        (ConnectionClosedError(endpoint_url=URL), True),
        (ConnectTimeoutError(endpoint_url=URL), False),
        (EndpointConnectionError(endpoint_url=URL), False),
    ],
)
def test_only_an_answer_that_is_missing_leaves_a_doubt(error: Exception, maybe_sent: bool) -> None:
    found = failure(error)
    assert isinstance(found, TemporaryFailure)
    assert found.maybe_sent == maybe_sent
    assert found.of_provider


@pytest.mark.parametrize(
    ("message", "kind", "reason"),
    [
        ("Invalid parameter: Token Reason: must be hexadecimal", PermanentFailure, "dead_device"),
        ("Invalid parameter: PlatformApplicationArn", TemporaryFailure, "misconfigured"),
    ],
)
def test_token_is_dead_only_if_sns_says_so_of_the_token(
    message: str, kind: type, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import boto3

    client = boto3.client("sns", aws_access_key_id="x", aws_secret_access_key="x")
    monkeypatch.setattr(aws, "client", lambda _: client)
    with Stubber(client) as stub:
        stub.add_client_error("create_platform_endpoint", "InvalidParameter", message, 400)
        with pytest.raises(DeliveryFailure) as failed:
            sns.register_device(APPLICATION, "token")
    assert (type(failed.value), failed.value.reason) == (kind, reason)
