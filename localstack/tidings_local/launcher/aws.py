"""AWS clients that can only call the stack's LocalStack."""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import Any

import botocore.session
from botocore.config import Config

from .running.stack import Stack

REGION = "us-east-1"
ACCOUNT = "000000000000"
# LocalStack takes a twelve-digit key id as the account. No profile and no environment variable is
# read for credentials, so that a person's real account cannot be used by accident.
CREDENTIALS = {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "none"}
INVOKE_SECONDS = 120


_making = Lock()


def client(
    stack: Stack, service: str, *, answer_seconds: float = INVOKE_SECONDS, repeats: int = 2
) -> Any:
    """Return a client, which many threads may use.

    It is botocore's, because boto3 adds uploads of large files, which take longer to import.

    Args:
        answer_seconds: the time in which LocalStack has to answer.
        repeats: how often a call without an answer is repeated.
    """
    with _making:
        return _session().create_client(
            service,
            region_name=REGION,
            endpoint_url=stack.endpoint,
            **CREDENTIALS,
            config=Config(
                retries={"max_attempts": repeats},
                connect_timeout=5,
                read_timeout=answer_seconds,
                proxies={},
                s3={"addressing_style": "path"},
            ),
        )


@cache
def _session() -> Any:
    """Return the session that all clients share, so that descriptions are read once."""
    return botocore.session.get_session()


def environment(stack: Stack) -> dict[str, str]:
    """Return the environment for a process that creates its own clients."""
    return {
        "AWS_ENDPOINT_URL": stack.endpoint,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
    }
