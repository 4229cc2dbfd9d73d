"""AWS clients that can only ever speak to the stack's LocalStack."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config

from .stack import Stack

REGION = "us-east-1"
ACCOUNT = "000000000000"
# LocalStack takes a twelve-digit key id as the account. No profile and no environment is
# asked for credentials: nothing of a person's real account can be used by accident.
CREDENTIALS = {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "none"}
INVOKE_SECONDS = 120


def client(stack: Stack, service: str) -> Any:
    sdk: Any = boto3  # its client() is overloaded for each service by name: none of use here
    return sdk.Session(**CREDENTIALS, region_name=REGION).client(
        service,
        endpoint_url=stack.endpoint,
        config=Config(
            retries={"max_attempts": 2},
            connect_timeout=5,
            read_timeout=INVOKE_SECONDS,
            proxies={},
            s3={"addressing_style": "path"},
        ),
    )


def environment(stack: Stack) -> dict[str, str]:
    """The same for a process that makes its own clients."""
    return {
        "AWS_ENDPOINT_URL": stack.endpoint,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
    }
