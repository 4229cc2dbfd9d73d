"""The messages about an event's end to destinations and dead-letter queues, in AWS's format."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import httpx
import orjson

from tidings_local.lambda_host import Outcome
from tidings_local.runner.events.event import Event
from tidings_local.runner.events.rules import SEND_PATH

ANSWER_SECONDS: Final = 10.0

Message = dict[str, Any]


class NotSentError(Exception):
    """LocalStack did not send an event's messages."""


def messages_of(event: Event, condition: str, outcome: Outcome | None) -> list[Message]:
    """Return a message for each destination and dead-letter queue.

    Args:
        event: the finished event.
        condition: AWS's name of the result; `Success` if the function succeeded.
        outcome: the result of the last call, if there was one.
    """
    rules = event.rules
    succeeded = condition == "Success"
    target = rules.on_success if succeeded else rules.on_failure
    messages: list[Message] = []
    if target:
        word = "Success" if succeeded else "Failure"
        messages.append(
            {
                "target": target,
                "detail_type": f"Lambda Function Invocation Result - {word}",
                "body": _record(event, condition, outcome),
            }
        )
    if rules.dead_letters and not succeeded:
        error = outcome.payload.decode(errors="replace") if outcome else None
        body = orjson.loads(event.payload)
        messages.append({"dead_letters": rules.dead_letters, "error": error, "body": body})
    return messages


def _record(event: Event, condition: str, outcome: Outcome | None) -> Message:
    context: dict[str, Any] = {
        "requestId": event.request_id,
        "functionArn": event.function,
        "condition": condition,
        "approximateInvokeCount": event.failures + (outcome is not None),
    }
    record = {
        "version": "1.0",
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestContext": context,
        "requestPayload": orjson.loads(event.payload),
    }
    if outcome:
        answered = {"statusCode": 200, "executedVersion": event.function.rpartition(":")[2]}
        if outcome.is_error:
            answered["functionError"] = "Unhandled"
        record["responseContext"] = answered
        record["responsePayload"] = _parsed(outcome.payload)
    return record


def _parsed(answer: bytes) -> Any:
    try:
        return orjson.loads(answer)
    except orjson.JSONDecodeError:
        return answer.decode(errors="replace")


class LocalStackSender:
    """Lets LocalStack send an event's messages."""

    def __init__(self, endpoint: str) -> None:
        self._url = f"{endpoint}{SEND_PATH}"
        self._http = httpx.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False)

    async def __call__(self, event: Event) -> None:
        """Send all of them.

        Raises:
            NotSentError: LocalStack is unavailable, or one of them could not be sent.
        """
        form = {
            "function": event.function,
            "role": event.rules.role,
            "messages": event.messages,
        }
        try:
            answer = await self._http.post(self._url, content=orjson.dumps(form))
        except httpx.HTTPError as error:
            raise NotSentError(repr(error)) from error
        if not answer.is_success:
            raise NotSentError(f"{answer.status_code} {answer.text[:200]}")

    async def close(self) -> None:
        await self._http.aclose()
