"""Answer calls of deployed REST APIs whose methods are integrated with functions.

LocalStack answers all others: methods with an authorizer, an API key or a validator, other kinds of
integration, and stages that only LocalStack knows. The paths of the live inbox have a server of
their own.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from tidings_local.front_door.addresses import Address, address_of
from tidings_local.front_door.answers import MalformedAnswerError, answer_of
from tidings_local.front_door.deployed import Deployed, StageDocument
from tidings_local.front_door.event import Call, event_of
from tidings_local.front_door.gateway_responses import (
    MALFORMED,
    MISSING_TOKEN,
    NOT_CALLED,
    STOPPING,
    TIMED_OUT,
    TOO_LARGE,
    Fault,
)
from tidings_local.front_door.http import BodyTooLargeError, Request, Response
from tidings_local.front_door.live import is_live
from tidings_local.front_door.stages import Handed, Method, Stage
from tidings_local.lambda_host import HostStoppedError, Invocation, LambdaHostError, Outcome

logger = logging.getLogger(__name__)

BODY_LIMIT_BYTES: Final = 10 * 1024 * 1024
EVENT_LIMIT_BYTES: Final = 6_291_456
"""Lambda's limit of an invocation's payload; that of an answer is a little higher."""

Invoke = Callable[[str, Invocation], Awaitable[Outcome]]


class RestApis:
    """Routes calls to functions; use it on one event loop.

    Args:
        invoke: calls the function with the integration's ARN, qualified or not.
    """

    def __init__(self, invoke: Invoke) -> None:
        self._invoke = invoke
        self._stages: dict[tuple[str, str], Stage] = {}
        self._running: set[asyncio.Future[Outcome]] = set()

    def replace(self, deployed: Deployed) -> None:
        """Use these stages from now on. Running calls are not affected."""
        stages = (_stage(document) for document in deployed)
        self._stages = {(each.api_id, each.name): each for each in stages if each is not None}

    def answer(self, request: Request) -> Awaitable[Response] | None:
        """Return the awaitable answer, or None for a request that another server answers."""
        address = address_of(request.target, request.headers)
        if address is None:
            return None
        stage = self._stages.get((address.api_id, address.stage))
        if stage is None:
            return None
        found = stage.tree.find(_matched_path(address), request.method)
        if found is None and is_live(address):
            return None
        if found is None:
            return _missing(Call.of(request, address, stage))
        method, parameters = found
        if isinstance(method, Handed):
            return None
        call = Call.of(request, address, stage)
        call.parameters = parameters
        return self._answer(call, method)

    async def _answer(self, call: Call, method: Method) -> Response:
        try:
            body = await call.request.body.read(BODY_LIMIT_BYTES)
        except BodyTooLargeError:
            return _faulty(call, TOO_LARGE)
        event = event_of(call, method, body)
        if len(event) > EVENT_LIMIT_BYTES:
            return _faulty(call, TOO_LARGE)
        outcome = await self._outcome(call, method, event)
        return _faulty(call, outcome) if isinstance(outcome, Fault) else _answered(call, outcome)

    async def _outcome(self, call: Call, method: Method, event: bytes) -> Outcome | Fault:
        arn = method.function_arn
        invocation = Invocation(payload=event, invoked_arn=arn, trace_id=call.headers.trace_id)
        # The function continues if its caller left or stopped waiting, as on AWS.
        running = asyncio.ensure_future(self._invoke(arn, invocation))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        await asyncio.wait({running}, timeout=method.timeout_seconds)
        if not running.done():
            running.add_done_callback(_log_late_error)
            logger.warning("API call timed out: the function did not answer", extra={"arn": arn})
            return TIMED_OUT
        return _outcome_of(running, arn)


def _stage(document: StageDocument) -> Stage | None:
    try:
        return Stage.read(document)
    except (KeyError, TypeError, ValueError, AttributeError):
        logger.exception("a deployed stage cannot be read: LocalStack answers its calls")
        return None


def _matched_path(address: Address) -> str:
    path = address.path
    return "/" + path.lstrip("/") if path.startswith("//") else path


def _outcome_of(done: "asyncio.Future[Outcome]", arn: str) -> Outcome | Fault:
    try:
        return done.result()
    except HostStoppedError:
        return STOPPING
    except (LambdaHostError, LookupError) as error:
        logger.warning("API call refused: the function was not run: %s", error, extra={"arn": arn})
    except Exception:
        logger.exception("API call failed: the function was not invoked", extra={"arn": arn})
    return NOT_CALLED


def _log_late_error(done: "asyncio.Future[Outcome]") -> None:
    if not done.cancelled() and done.exception():
        logger.error("a function failed after its caller left", exc_info=done.exception())


async def _missing(call: Call) -> Response:
    return _faulty(call, MISSING_TOKEN)


def _answered(call: Call, outcome: Outcome) -> Response:
    if outcome.is_error:
        return _faulty(call, MALFORMED)
    accepts_bytes = call.stage.binary.include(call.headers.first(b"accept"))
    try:
        response = answer_of(outcome.payload, accepts_bytes=accepts_bytes)
    except MalformedAnswerError as error:
        logger.warning(
            "API call failed: the function's answer cannot be sent",
            extra={"reason": str(error), "request_id": call.request_id},
        )
        return _faulty(call, MALFORMED)
    response.headers.append((b"X-Amzn-Trace-Id", call.headers.trace_id.encode("latin-1")))
    return _named(call, response)


def _faulty(call: Call, fault: Fault) -> Response:
    return _named(call, call.stage.gateway_responses.answer(fault, call.scope()))


def _named(call: Call, response: Response) -> Response:
    response.headers.append((b"x-amzn-RequestId", call.request_id.encode()))
    response.headers.append((b"x-amz-apigw-id", call.extended_id.encode()))
    return response
