import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from unittest.mock import ANY

import boto3
import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as TheirCredentials
from hypothesis import given
from hypothesis import strategies as st

from tests.simulated_aws import simulated_aws
from tests.unit.platform.secrets_server import SecretsServer, secrets_server
from tidings.platform import secrets_manager
from tidings.platform.secrets_manager import (
    ATTEMPTS,
    Credentials,
    SecretsManagerError,
    get_secret,
    put_secret,
    signed_headers,
)

MOMENT = datetime(2026, 11, 30, 9, 8, 7, tzinfo=UTC)
NAME = "tidings/mongodb"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretsServer]:
    for name in ("AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setattr(secrets_manager, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(secrets_manager, "_kept", [])
    with simulated_aws(monkeypatch):
        manager = boto3.client("secretsmanager", region_name="us-east-1")
        manager.create_secret(Name=NAME, SecretString="the text")
        with secrets_server(manager) as server:
            monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", server.url)
            yield server


def test_secret_is_read(server: SecretsServer) -> None:
    assert get_secret(NAME) == "the text"


def test_secret_is_stored_under_one_token_for_all_attempts(server: SecretsServer) -> None:
    server.failures.append((500, "InternalServiceError"))
    put_secret(NAME, "other text")
    assert get_secret(NAME) == "other text"
    first, second = (content for _, content in server.requests[:2])
    assert first == second == {
        "SecretId": NAME, "SecretString": "other text", "ClientRequestToken": ANY
    }  # fmt: skip


@pytest.mark.parametrize("failure", [(500, "x"), (503, ""), (400, "ThrottlingException"), (0, "")])
def test_temporary_failure_is_tried_again(server: SecretsServer, failure: tuple[int, str]) -> None:
    server.failures += [failure] * (ATTEMPTS - 1)
    assert get_secret(NAME) == "the text"


@pytest.mark.parametrize("failure", [(500, "x"), (400, "ThrottlingException"), (0, "")])
def test_after_the_last_attempt_the_service_is_away(
    server: SecretsServer, failure: tuple[int, str]
) -> None:
    server.failures += [failure] * ATTEMPTS
    with pytest.raises(SecretsManagerError) as refused:
        get_secret(NAME)
    assert refused.value.is_away
    assert len(server.requests) == ATTEMPTS


def test_unreachable_service_is_away(
    server: SecretsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:1")
    with pytest.raises(SecretsManagerError, match="ConnectionRefusedError") as refused:
        get_secret(NAME)
    assert refused.value.is_away


def test_secrets_that_are_read_together_use_one_connection(server: SecretsServer) -> None:
    for _ in range(3):
        get_secret(NAME)
    with pytest.raises(SecretsManagerError):
        get_secret("tidings/other")
    assert get_secret(NAME) == "the text"
    assert (server.connections, len(server.requests)) == (1, 5)


def test_connection_that_was_closed_meanwhile_is_replaced_at_once(server: SecretsServer) -> None:
    get_secret(NAME)
    server.failures += [(0, "")]
    assert get_secret(NAME) == "the text"
    assert server.connections == 2


def test_older_connection_is_not_used_again(
    server: SecretsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets_manager, "KEPT_SECONDS", 0)
    get_secret(NAME)
    get_secret(NAME)
    assert server.connections == 2


def test_connection_to_another_place_is_not_used(
    server: SecretsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    get_secret(NAME)
    with secrets_server(server.manager) as other:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", other.url)
        get_secret(NAME)
        assert other.connections == 1


def test_refusal_is_not_tried_again(server: SecretsServer) -> None:
    with pytest.raises(SecretsManagerError, match="ResourceNotFoundException") as refused:
        get_secret("tidings/other")
    assert not refused.value.is_away
    assert len(server.requests) == 1


def test_error_does_not_contain_the_secret(server: SecretsServer) -> None:
    server.failures.append((400, "InvalidRequestException"))
    with pytest.raises(SecretsManagerError) as refused:
        put_secret(NAME, "hunter2")
    assert "hunter2" not in str(refused.value)


def test_session_token_of_the_role_is_sent_and_signed(
    server: SecretsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token of the role")
    get_secret(NAME)
    headers, _ = server.requests[0]
    assert headers["x-amz-security-token"] == "token of the role"
    assert "x-amz-security-token" in headers["authorization"]
    assert "/eu-west-1/secretsmanager/aws4_request" in headers["authorization"]


def test_credentials_of_other_places_are_found_by_boto3(
    server: SecretsServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    file = tmp_path / "credentials"
    file.write_text("[default]\naws_access_key_id = FROMFILE\naws_secret_access_key = s\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    get_secret(NAME)
    assert "Credential=FROMFILE/" in server.requests[0][0]["authorization"]


@pytest.mark.parametrize(
    ("region", "url"),
    [
        ("eu-west-1", "https://secretsmanager.eu-west-1.amazonaws.com"),
        ("cn-north-1", "https://secretsmanager.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_address_is_that_of_boto3(region: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    client = boto3.client("secretsmanager", region_name=region, aws_access_key_id="a",
                          aws_secret_access_key="b")  # fmt: skip
    assert secrets_manager._endpoint(region) == client.meta.endpoint_url == url


@given(
    body=st.dictionaries(st.text(), st.text()),
    token=st.none() | st.from_regex(r"[!-~]{1,40}", fullmatch=True),
    secret_key=st.from_regex(r"[!-~]{1,40}", fullmatch=True),
    host=st.sampled_from(["secretsmanager.eu-west-1.amazonaws.com", "127.0.0.1:4566"]),
)
def test_signature_is_that_of_botocore(
    body: dict[str, str], token: str | None, secret_key: str, host: str
) -> None:
    content = json.dumps(body).encode()
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": "secretsmanager.GetSecretValue",
    }
    ours = signed_headers(
        host=host,
        body=content,
        headers=headers,
        region="eu-west-1",
        credentials=Credentials("AKID", secret_key, token),
        at=MOMENT,
    )
    assert ours["authorization"] == _by_botocore(host, content, headers, secret_key, token)


def _by_botocore(
    host: str, body: bytes, headers: dict[str, str], secret_key: str, token: str | None
) -> str:
    request = AWSRequest("POST", f"http://{host}/", dict(headers), body)
    request.context["timestamp"] = MOMENT.strftime("%Y%m%dT%H%M%SZ")
    signer: Any = botocore.auth.SigV4Auth(
        TheirCredentials("AKID", secret_key, token), "secretsmanager", "eu-west-1"
    )
    request.headers["X-Amz-Date"] = request.context["timestamp"]
    if token:
        request.headers["X-Amz-Security-Token"] = token
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    signed = signer.signed_headers(signer.headers_to_sign(request))
    return (
        f"AWS4-HMAC-SHA256 Credential={signer.scope(request)}, "
        f"SignedHeaders={signed}, Signature={signature}"
    )
