"""The calls of CloudWatch's APIs that the runner makes to LocalStack.

They are made in batches, beside the functions' calls. boto3 would block, and makes signatures that
LocalStack does not check: it reads only account and region from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import httpx
import orjson

from tidings_local.runner.records.log_events import LogEvent

TIMEOUT_SECONDS: Final = 10.0


class CloudWatchAwayError(Exception):
    """LocalStack is unavailable."""


class CloudWatchRefusedError(Exception):
    """LocalStack refused the data."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class CloudWatch:
    def __init__(self, endpoint: str) -> None:
        self._http = httpx.AsyncClient(base_url=endpoint, timeout=TIMEOUT_SECONDS, trust_env=False)

    async def put_log_events(
        self, account: str, region: str, group: str, stream: str, events: Sequence[LogEvent]
    ) -> None:
        """Write events in order of time; create the group and the stream if they are missing.

        Raises:
            CloudWatchAwayError: they were not written.
            CloudWatchRefusedError: they never will be.
        """
        body = {
            "logGroupName": group,
            "logStreamName": stream,
            "logEvents": [{"timestamp": each.at_ms, "message": each.message} for each in events],
        }
        try:
            await self._logs("PutLogEvents", account, region, body)
        except CloudWatchRefusedError as refusal:
            if refusal.code != "ResourceNotFoundException":
                raise
            await self._make_stream(account, region, group, stream)
            await self._logs("PutLogEvents", account, region, body)

    async def put_metric_data(
        self, account: str, region: str, namespace: str, data: Sequence[dict[str, Any]]
    ) -> None:
        """Write metrics.

        Raises:
            CloudWatchAwayError: they were not written.
            CloudWatchRefusedError: they never will be.
        """
        form = {"Action": "PutMetricData", "Version": "2010-08-01", "Namespace": namespace}
        form |= _flat("MetricData", data)
        await self._ask(_headers(account, region, "monitoring"), data=form)

    async def close(self) -> None:
        await self._http.aclose()

    async def _make_stream(self, account: str, region: str, group: str, stream: str) -> None:
        names = {"logGroupName": group}
        for action, body in (
            ("CreateLogGroup", names),
            ("CreateLogStream", names | {"logStreamName": stream}),
        ):
            try:
                await self._logs(action, account, region, body)
            except CloudWatchRefusedError as refusal:
                if refusal.code != "ResourceAlreadyExistsException":
                    raise

    async def _logs(self, action: str, account: str, region: str, body: dict[str, Any]) -> None:
        headers = _headers(account, region, "logs")
        headers |= {
            "X-Amz-Target": f"Logs_20140328.{action}",
            "Content-Type": "application/x-amz-json-1.1",
        }
        await self._ask(headers, content=orjson.dumps(body))

    async def _ask(
        self,
        headers: dict[str, str],
        *,
        content: bytes | None = None,
        data: dict[str, str] | None = None,
    ) -> None:
        try:
            answer = await self._http.post("/", headers=headers, content=content, data=data)
        except httpx.TransportError as error:
            raise CloudWatchAwayError(repr(error)) from error
        if answer.is_success:
            return
        if answer.is_server_error:
            raise CloudWatchAwayError(f"{answer.status_code} {answer.text[:200]}")
        raise CloudWatchRefusedError(*_error_of(answer))


def _headers(account: str, region: str, service: str) -> dict[str, str]:
    credential = f"{account}/20260101/{region}/{service}/aws4_request"
    return {
        "Authorization": (
            f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=none"
        )
    }


def _error_of(answer: httpx.Response) -> tuple[str, str]:
    try:
        said = orjson.loads(answer.content)
        code = str(said.get("__type", "")).rpartition("#")[2]
        return code, str(said.get("message", said.get("Message", "")))
    except (orjson.JSONDecodeError, AttributeError):
        return str(answer.status_code), answer.text[:200]


def _flat(prefix: str, value: Any) -> dict[str, str]:
    """Return nested lists and objects with the member names of AWS's query protocol."""
    match value:
        case dict():
            nested = ((f"{prefix}.{name}", each) for name, each in value.items())
        case list() | tuple():
            nested = ((f"{prefix}.member.{n}", each) for n, each in enumerate(value, start=1))
        case _:
            return {prefix: str(value)}
    return {name: text for path, each in nested for name, text in _flat(path, each).items()}
