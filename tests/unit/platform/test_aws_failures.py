"""Tests of the classification of AWS errors: permanent, temporary or uncertain."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    ReadTimeoutError,
    ResponseStreamingError,
    SSLError,
)
from botocore.stub import Stubber

from tidings.delivery.mime import mail_of
from tidings.delivery.outgoing import Address, OutgoingMessage, Rendered
from tidings.platform.providers import aws, ses, sns
from tidings.platform.providers.aws import meaning
from tidings.platform.providers.failures import (
    DeliveryFailure,
    PermanentFailure,
    TemporaryFailure,
    Undeliverable,
)

URL = "https://ses.example"
APPLICATION = "arn:aws:sns:us-east-1:000000000000:app/APNS/tidings"


def failure(error: Exception) -> DeliveryFailure:
    known = {"InvalidParameterValue": "refused"}, {"MessageRejected": "rejected"}
    with pytest.raises(DeliveryFailure) as failed, meaning(*known):
        raise error
    return failed.value


def refused(code: str, status: int = 400) -> DeliveryFailure:
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return failure(ClientError(answer, "SendRawEmail"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "status", "kind", "reason"),
    [
        ("MessageRejected", 400, PermanentFailure, "rejected"),
        ("InvalidParameterValue", 400, Undeliverable, "refused"),
        ("SomethingNew", 400, PermanentFailure, "refused"),
        ("Throttling", 400, TemporaryFailure, "throttled"),
        ("SomethingNew", 429, TemporaryFailure, "throttled"),
        ("AccessDenied", 403, TemporaryFailure, "misconfigured"),
        ("ExpiredToken", 400, TemporaryFailure, "misconfigured"),
        ("InternalFailure", 500, TemporaryFailure, "unavailable"),
        ("SomethingNew", 503, TemporaryFailure, "unavailable"),
    ],
)
def test_errors_of_aws_are_classified(code: str, status: int, kind: type, reason: str) -> None:
    found = refused(code, status)
    assert (type(found), found.reason) == (kind, reason)


def test_aws_texts_with_addresses_and_numbers_are_not_in_the_traceback() -> None:
    words = "not verified: ada@example.com"
    answer: Any = {"Error": {"Code": "MessageRejected", "Message": words}}
    failed = failure(ClientError(answer, "SendRawEmail"))
    assert words in failed.said
    assert words not in "".join(traceback.format_exception(failed))


@pytest.mark.parametrize(
    ("error", "maybe_sent"),
    [
        (ReadTimeoutError(endpoint_url=URL), True),
        (ConnectionClosedError(endpoint_url=URL), True),
        (ResponseStreamingError(error="cut off"), True),
        (HTTPClientError(error="something new"), True),
        (SSLError(endpoint_url=URL, error=OSError("certificate")), False),
        (NoCredentialsError(), False),
        (ConnectTimeoutError(endpoint_url=URL), False),
        (EndpointConnectionError(endpoint_url=URL), False),
    ],
)
def test_only_a_missing_answer_is_uncertain(error: Exception, maybe_sent: bool) -> None:
    found = failure(error)
    assert isinstance(found, TemporaryFailure)
    assert found.maybe_sent == maybe_sent
    assert found.of_provider


@pytest.mark.parametrize(
    ("message", "kind", "reason"),
    [
        ("Invalid parameter: Token Reason: must be hexadecimal", Undeliverable, "dead_device"),
        ("Invalid parameter: PlatformApplicationArn", TemporaryFailure, "misconfigured"),
    ],
)
def test_token_is_dead_only_if_sns_reports_the_token(
    message: str, kind: type, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering("sns", monkeypatch) as stub:
        stub.add_client_error("create_platform_endpoint", "InvalidParameter", message, 400)
        with pytest.raises(DeliveryFailure) as failed:
            sns.register_device(APPLICATION, "token")
    assert (type(failed.value), failed.value.reason) == (kind, reason)


@pytest.mark.parametrize(
    ("code", "message", "kind", "reason"),
    [
        ("InvalidParameter", "Invalid parameter: PhoneNumber Reason: +999 is not valid",
         Undeliverable, "bad_address"),
        ("OptedOut", "the owner of the phone said stop", Undeliverable, "opted_out"),
        ("InvalidParameter", "Invalid parameter: Message too long", PermanentFailure, "refused"),
    ],
)  # fmt: skip
def test_number_that_sns_refuses_is_a_bad_address(
    code: str, message: str, kind: type, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering("sns", monkeypatch) as stub:
        stub.add_client_error("publish", code, message, 400)
        with pytest.raises(DeliveryFailure) as failed:
            sns.text("+9991234567", "words", promotional=False)
    assert (type(failed.value), failed.value.reason) == (kind, reason)


@pytest.mark.parametrize(
    ("code", "message", "kind", "reason"),
    [
        ("InvalidParameterValue", "Domain contains illegal character", Undeliverable, "refused"),
        ("MessageRejected", "Address blacklisted.", Undeliverable, "rejected"),
        (
            "MessageRejected",
            "Email address is not verified. The following identities failed the check in region "
            "US-EAST-1: no-reply@shop.example",
            TemporaryFailure,
            "misconfigured",
        ),
    ],
)
def test_refusals_of_ses_are_the_mailboxs_or_ours(
    code: str, message: str, kind: type, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering("ses", monkeypatch) as stub:
        stub.add_client_error("send_raw_email", code, message, 400)
        with pytest.raises(DeliveryFailure) as failed:
            ses.send(b"mail", sender="a@b.de", recipient="c@d.de", configuration_set=None, tags={})
    assert (type(failed.value), failed.value.reason) == (kind, reason)


def test_ses_gets_the_same_bytes_and_the_domain_in_punycode(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forged = "=?utf-8?q?A=0D=0ABcc:_x@e.example?="
    mail = mail_of(
        OutgoingMessage(
            notification_id="n1", channel="email", user_id="u1", kind="k", category="orders",
            address=Address(email="ada@faß.de", name=forged), rendered=Rendered(subject=forged),
        ),
        mail_from=f"{forged} <no-reply@tidings.example>",
        at=datetime(2026, 11, 29, tzinfo=UTC),
    )  # fmt: skip
    sent = {
        "Source": "no-reply@tidings.example",
        "Destinations": ["ada@xn--fa-hia.de"],
        "RawMessage": {"Data": mail.raw},
        "Tags": [],
    }
    with answering("ses", monkeypatch) as stub:
        stub.add_response("send_raw_email", {"MessageId": "m1"}, sent)
        done = ses.send(
            mail.raw, sender=mail.sender, recipient=mail.recipient, configuration_set=None, tags={}
        )
    assert done == "m1"
    assert b"Bcc" not in mail.raw


@contextmanager
def answering(service: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """Replace the answers of an AWS service; its client is the real one."""
    make: Any = boto3.client
    client = make(service, aws_access_key_id="x", aws_secret_access_key="x")
    monkeypatch.setattr(aws, "client", lambda *_: client)
    with Stubber(client) as stub:
        yield stub
