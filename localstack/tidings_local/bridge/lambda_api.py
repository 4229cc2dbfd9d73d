"""The three calls of the Lambda API that the bridge makes, on AWS or a compatible server."""

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, ReadTimeoutError
from botocore.exceptions import ConnectionError as EndpointError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT_SECONDS = 5
CONTROL_TIMEOUT_SECONDS = 15
LONGEST_FUNCTION_SECONDS = 900
# Time that the answer may take beyond the function's own timeout (a cold start, the network).
ANSWER_GRACE_SECONDS = 15
HTTP_TOO_MANY_REQUESTS = 429


class Result(StrEnum):
    SUCCESS = "success"
    FUNCTION_ERROR = "function_error"
    THROTTLED = "throttled"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    BRIDGE_ERROR = "bridge_error"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an invocation; `detail` never contains the function's answer."""

    result: Result
    detail: str = ""


class LambdaApi:
    """Keeps one client for each read timeout, because botocore fixes the timeout of a client."""

    def __init__(self, endpoint_url: str | None, connections: int) -> None:
        self._endpoint_url = endpoint_url
        self._connections = connections
        self._session = boto3.Session()
        self._lock = threading.Lock()  # creating a client is not thread-safe, using one is
        self._clients: dict[int, LambdaClient] = {}

    @property
    def endpoint(self) -> str:
        return self._client(CONTROL_TIMEOUT_SECONDS).meta.endpoint_url

    def event_source_mappings(self) -> Iterator[dict[str, Any]]:
        client = self._client(CONTROL_TIMEOUT_SECONDS)
        for page in client.get_paginator("list_event_source_mappings").paginate():
            for entry in page["EventSourceMappings"]:
                yield dict(entry)

    def function_timeout(self, function_arn: str) -> int:
        client = self._client(CONTROL_TIMEOUT_SECONDS)
        return client.get_function_configuration(FunctionName=function_arn)["Timeout"]

    def invoke(self, function_arn: str, payload: bytes, function_seconds: int) -> Outcome:
        client = self._client(function_seconds + ANSWER_GRACE_SECONDS)
        try:
            answer = client.invoke(FunctionName=function_arn, Payload=payload)
            answer["Payload"].read()  # with an unread body the connection could not be reused
        except (BotoCoreError, ClientError) as error:
            return _failure(error)
        if "FunctionError" in answer:
            return Outcome(Result.FUNCTION_ERROR, answer["FunctionError"])
        return Outcome(Result.SUCCESS)

    def _client(self, read_timeout: int) -> "LambdaClient":
        with self._lock:
            if read_timeout not in self._clients:
                self._clients[read_timeout] = self._open_client(read_timeout)
            return self._clients[read_timeout]

    def _open_client(self, read_timeout: int) -> "LambdaClient":
        config = Config(
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=read_timeout,
            # The bridge retries by the queue and its backoff, so botocore must not.
            retries={"total_max_attempts": 1},
            max_pool_connections=self._connections,
            tcp_keepalive=True,
        )
        return self._session.client("lambda", endpoint_url=self._endpoint_url, config=config)


class Invoker:
    """Invokes one function, with a read timeout that follows the function's own."""

    def __init__(self, api: LambdaApi, function_arn: str) -> None:
        self._api = api
        self._function_arn = function_arn
        self._function_seconds: int | None = None

    def __call__(self, payload: bytes) -> Outcome:
        outcome = self._api.invoke(self._function_arn, payload, self._patience())
        if outcome.result is Result.TIMEOUT:
            self._function_seconds = None  # its timeout may have been raised meanwhile
        return outcome

    def _patience(self) -> int:
        if self._function_seconds is None:
            try:
                self._function_seconds = self._api.function_timeout(self._function_arn)
            except BotoCoreError:
                # Lambda is unavailable; the next invocation reports that.
                return LONGEST_FUNCTION_SECONDS
            except ClientError as error:
                self._function_seconds = LONGEST_FUNCTION_SECONDS
                logger.warning(
                    "function timeout unknown, the longest is assumed",
                    extra={"function": self._function_arn, "error": str(error)},
                )
        return self._function_seconds


def _failure(error: BotoCoreError | ClientError) -> Outcome:
    if isinstance(error, ReadTimeoutError):
        return Outcome(Result.TIMEOUT, "no answer within the function's timeout")
    if isinstance(error, HTTPClientError | EndpointError):
        return Outcome(Result.UNREACHABLE, str(error))
    if isinstance(error, ClientError):
        return _refusal(error)
    return Outcome(Result.REFUSED, str(error))


def _refusal(error: ClientError) -> Outcome:
    code = error.response["Error"].get("Code", "unknown")
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    if status == HTTP_TOO_MANY_REQUESTS:
        return Outcome(Result.THROTTLED, code)
    # An error of a gateway in front of Lambda counts as an unavailable Lambda.
    if status >= 500:
        return Outcome(Result.UNREACHABLE, f"{code} ({status})")
    return Outcome(Result.REFUSED, code)
