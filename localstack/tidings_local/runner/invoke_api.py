"""Answer `POST /2015-03-31/functions/<name or ARN>/invocations` like Lambda."""

from __future__ import annotations

import base64
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, unquote

import orjson

from tidings_local.front_door.http import BodyTooLargeError, Request, Response
from tidings_local.lambda_host import HostStoppedError, Invocation, ThrottledError
from tidings_local.runner import lambda_answers as answers
from tidings_local.runner.calls import Calls
from tidings_local.runner.events.event import Event
from tidings_local.runner.events.rules import EventRules
from tidings_local.runner.registry import Target, UnknownFunctionError

PATH: Final = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")

# Headers besides Lambda's own: LocalStack has set the call's id, resolved its alias, and knows the
# retry settings of an event.
REQUEST_ID: Final = b"x-tidings-request-id"
INVOKED_ARN: Final = b"x-tidings-invoked-arn"
EVENT_RULES: Final = b"x-tidings-event-rules"


@dataclass(frozen=True, slots=True)
class InvokeApi:
    calls: Calls
    accept: Callable[[Event], Awaitable[None]]
    """Stores a call for which no caller waits."""

    async def answer(self, name: str, query: str, request: Request) -> Response:
        """Run a call and answer with its result."""
        try:
            return await self._answer(unquote(name), _qualifier(query), request)
        except UnknownFunctionError as error:
            return answers.unknown(error)
        except ThrottledError as error:
            return answers.throttled(error)
        except BodyTooLargeError:
            return answers.too_large()
        except HostStoppedError:
            return answers.unavailable("the runner is stopping")

    async def _answer(self, name: str, qualifier: str | None, request: Request) -> Response:
        target = self.calls.registry.find(name, qualifier)
        headers = {key.lower(): value for key, value in request.headers}
        payload = await request.body.read(answers.MAX_PAYLOAD_BYTES) or b"{}"
        try:
            orjson.loads(payload)
        except orjson.JSONDecodeError as problem:
            return answers.bad_payload(str(problem))
        kind = headers.get(b"x-amz-invocation-type", b"RequestResponse")
        if kind == b"DryRun":
            return answers.dry_run()
        try:
            invocation = _invocation(target, payload, headers)
        except ValueError as problem:  # of base64 or UTF-8
            return answers.bad_payload(f"client context: {problem}")
        if kind == b"Event":
            rules = EventRules.read(headers.get(EVENT_RULES, b"{}"))
            await self.accept(Event.of(target.function.arn, invocation, rules, time.time()))
            return answers.accepted(invocation.request_id)
        outcome = await self.calls.run(target, invocation)
        with_log = headers.get(b"x-amz-log-type") == b"Tail"
        return answers.result(outcome, target.function.version, with_log=with_log)


def _invocation(target: Target, payload: bytes, headers: dict[bytes, bytes]) -> Invocation:
    context = headers.get(b"x-amz-client-context")
    trace_id = headers.get(b"x-amzn-trace-id")
    return Invocation(
        payload=payload,
        request_id=headers.get(REQUEST_ID, b"").decode() or str(uuid.uuid4()),
        invoked_arn=headers.get(INVOKED_ARN, b"").decode() or target.invoked_arn,
        trace_id=trace_id.decode("latin-1") if trace_id else None,
        client_context=base64.b64decode(context).decode() if context else None,
    )


def _qualifier(query: str) -> str | None:
    return parse_qs(query).get("Qualifier", [None])[0]
