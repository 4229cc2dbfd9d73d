"""Clients of AWS's own providers, and what their errors mean."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    ReadTimeoutError,
)

from tidings.platform.providers.deadline import ANSWER_SECONDS, CONNECT_SECONDS
from tidings.platform.providers.failures import (
    MISCONFIGURED,
    THROTTLED,
    TIMEOUT,
    UNAVAILABLE,
    DeliveryFailure,
    PermanentFailure,
    TemporaryFailure,
)

# No retries of the library's own: it would send twice what was answered too late.
_CONFIG: Final = Config(
    connect_timeout=CONNECT_SECONDS, read_timeout=ANSWER_SECONDS, retries={"total_max_attempts": 1}
)
# Ours to repair: the message is as good as before.
_OURS: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "ExpiredToken",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
        "AccountSendingPausedException",
        "ConfigurationSetDoesNotExist",
        "ConfigurationSetSendingPausedException",
        "MailFromDomainNotVerifiedException",
        "PlatformApplicationDisabled",
        "PlatformApplicationDisabledException",
    }
)
_THROTTLES: Final = frozenset(
    {"Throttling", "ThrottlingException", "Throttled", "ThrottledException", "TooManyRequests",
     "RequestLimitExceeded", "LimitExceededException"}
)  # fmt: skip


@cache
def client(service: str) -> Any:
    """Return this environment's client of a service; its name is its own choice of types."""
    make: Any = boto3.client
    return make(service, config=_CONFIG)


@contextmanager
def meaning(refusals: Mapping[str, str]) -> Iterator[None]:
    """Within it, AWS's errors become failures.

    Args:
        refusals: the reason by AWS's error code, for what one message is refused for.

    Raises:
        TemporaryFailure: it is the provider, the network, or our rights.
        PermanentFailure: it is the message.
    """
    try:
        yield
    except ClientError as error:
        raise _failure(error, refusals) from error
    except ConnectTimeoutError as error:
        raise TemporaryFailure(TIMEOUT, "no connection in time") from error
    except (ReadTimeoutError, ConnectionClosedError) as error:
        raise TemporaryFailure(TIMEOUT, "no answer in time", maybe_sent=True) from error
    except BotoCoreError as error:
        raise TemporaryFailure(UNAVAILABLE, type(error).__name__) from error


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _failure(error: ClientError, refusals: Mapping[str, str]) -> DeliveryFailure:
    code = code_of(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    if code in refusals:
        return PermanentFailure(refusals[code], code)
    if code in _THROTTLES or status == 429:
        return TemporaryFailure(THROTTLED, code)
    if code in _OURS or status == 403:
        return TemporaryFailure(MISCONFIGURED, code)
    if status >= 500:
        return TemporaryFailure(UNAVAILABLE, code)
    return PermanentFailure("refused", code)
