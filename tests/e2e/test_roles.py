"""The roles of the deployed functions are enforced: each reads its own secrets only."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.e2e.aws import client


def as_role_of(function: str, service: str) -> Any:
    """Return a client that signs with a session of a function's role."""
    role = client("lambda").get_function(FunctionName=f"tidings-{function}")["Configuration"][
        "Role"
    ]
    given = client("sts").assume_role(RoleArn=role, RoleSessionName="attack")["Credentials"]
    session: Any = boto3.Session(
        given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], "us-east-1"
    )
    return session.client(service)


@pytest.mark.parametrize(
    ("function", "own", "others"),
    [
        ("get-order", "mongodb", ["signing-keys", "smtp", "delivery-key", "rabbitmq", "broker"]),
        ("notifications", "delivery-key", ["signing-keys", "smtp", "metrics-token"]),
        ("deliver-email", "smtp", ["signing-keys", "public-keys", "metrics-token"]),
        ("rotate-keys", "signing-keys", ["security-store", "delivery-key", "smtp"]),
    ],
)
def test_role_reads_its_own_secrets_only(function: str, own: str, others: list[str]) -> None:
    manager = as_role_of(function, "secretsmanager")
    assert manager.get_secret_value(SecretId=f"tidings/{own}")["SecretString"]
    for other in others:
        with pytest.raises(ClientError, match="AccessDenied"):
            manager.get_secret_value(SecretId=f"tidings/{other}")


def test_role_of_an_endpoint_calls_no_function() -> None:
    functions = as_role_of("get-order", "lambda")
    with pytest.raises(ClientError, match="AccessDenied"):
        functions.invoke(FunctionName="tidings-create-admin", Payload=b"{}")
