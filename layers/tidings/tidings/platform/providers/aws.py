"""Clients of AWS's providers, and the meaning of their errors."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from tidings.platform.providers.deadline import ANSWER_SECONDS, CONNECT_SECONDS
from tidings.platform.providers.failures import (
    MISCONFIGURED,
    THROTTLED,
    TIMEOUT,
    UNAVAILABLE,
    DeliveryFailure,
    PermanentFailure,
    TemporaryFailure,
    Undeliverable,
)

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

# An operator must fix these; the message itself is fine.
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
def client(service: str, region: str | None = None) -> Any:
    """Return this environment's client of a service; boto3 chooses its type by the name.

    Args:
        region: another AWS region than ours.

    boto3 is imported here: most functions never need it.
    """
    import boto3
    from botocore.config import Config

    make: Any = boto3.client
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=ANSWER_SECONDS,
        # The library must not retry: it would send a message twice if the first answer came too
        # late.
        retries={"total_max_attempts": 1},
    )
    return make(service, config=config, region_name=region)


@contextmanager
def meaning(
    of_recipient: Mapping[str, str], of_message: Mapping[str, str] = MappingProxyType({})
) -> Iterator[None]:
    """Convert AWS's errors in this context to delivery failures.

    Args:
        of_recipient: the reason by AWS's error code, for faults of the recipient.
        of_message: the same for faults of the message.

    Raises:
        TemporaryFailure: the fault is with the provider, the network or our permissions.
        Undeliverable: the fault is with the recipient.
        PermanentFailure: the fault is with the message.
    """
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        ConnectTimeoutError,
        HTTPClientError,
    )

    try:
        yield
    except ClientError as error:
        failure = _failure(error, of_recipient, of_message)
        failure.said = str(error)
        raise failure from None
    except ConnectTimeoutError as error:
        raise TemporaryFailure(TIMEOUT, "no connection in time") from error
    except HTTPClientError as error:
        # No answer, or only a part of one: the request was sent.
        raise TemporaryFailure(TIMEOUT, "no answer in time", maybe_sent=True) from error
    except BotoCoreError as error:
        raise TemporaryFailure(UNAVAILABLE, type(error).__name__) from error


def code_of(error: "ClientError") -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _failure(
    error: "ClientError", of_recipient: Mapping[str, str], of_message: Mapping[str, str]
) -> DeliveryFailure:
    code = code_of(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    if code in of_recipient:
        return Undeliverable(of_recipient[code], code)
    if code in of_message:
        return PermanentFailure(of_message[code], code)
    if code in _THROTTLES or status == 429:
        return TemporaryFailure(THROTTLED, code)
    if code in _OURS or status == 403:
        return TemporaryFailure(MISCONFIGURED, code)
    if status >= 500:
        return TemporaryFailure(UNAVAILABLE, code)
    return PermanentFailure("refused", code)
