"""Let the runner make LocalStack's calls of functions.

Unpatched, LocalStack would lease an environment for each call, write the log and count the metrics.
The runner does this, so a call here is one request.
"""

import json
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from localstack.aws.api.lambda_ import ServiceException, TooManyRequestsException
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.logs import LogHandler
from localstack.services.lambda_.invocation.version_manager import LambdaVersionManager
from localstack.utils.xray.trace_header import TraceHeader

from tidings_local.localstack_plugin.runner import runner
from tidings_local.runner.client import Answer, RunnerAwayError, RunnerLostError

if TYPE_CHECKING:
    from localstack.services.lambda_.invocation.lambda_models import Invocation

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 10.0
"""The time that a call waits for a runner that is restarting."""


def use_runner() -> None:
    """Make every call of a function use the runner. A repeated call changes nothing."""
    LambdaVersionManager.invoke = invoke
    LogHandler.start_subscriber = write_nothing


def invoke(self: LambdaVersionManager, *, invocation: "Invocation") -> InvocationResult:
    """Replace `LambdaVersionManager.invoke`.

    Raises:
        TooManyRequestsException: no environment was free in time.
        ServiceException: the runner is unavailable.
    """
    arn = self.function_version.qualified_arn
    try:
        answer = runner().invoke(
            arn, invocation.payload, headers_of(invocation), patience_seconds=PATIENCE_SECONDS
        )
    except (RunnerAwayError, RunnerLostError) as error:
        logger.warning("call of %s failed: %s", arn, error)
        raise ServiceException(str(error)) from error
    if answer.status != HTTPStatus.OK:
        raise refusal_of(answer)
    return InvocationResult(
        invocation.request_id,
        answer.body,
        is_error=answer.is_function_error,
        logs=answer.log_tail,
        executed_version=self.function_version.id.qualifier,
    )


def write_nothing(_: LogHandler) -> None:
    """Replace `LogHandler.start_subscriber`, whose thread would have nothing to do."""


def headers_of(invocation: "Invocation") -> dict[str, str]:
    """Return the headers of the runner's Invoke for a call."""
    headers = {
        "X-Amz-Log-Type": "Tail",
        "X-Tidings-Request-Id": invocation.request_id,
        "X-Tidings-Invoked-Arn": invocation.invoked_arn,
        "X-Amzn-Trace-Id": _trace_id(invocation.trace_context or {}),
    }
    if invocation.client_context:
        headers["X-Amz-Client-Context"] = invocation.client_context
    return headers


def _trace_id(context: dict[str, Any]) -> str:
    """Return the trace of a call, as LocalStack's own environments get it."""
    trace = context.get("aws_trace_header") or TraceHeader().ensure_root_exists()
    trace.ensure_sampled_exists()
    trace.ensure_parent_exists()
    return str(trace.to_header_str())


def refusal_of(answer: Answer) -> Exception:
    """Return the exception that LocalStack raises for a call that the runner refused."""
    refusal: Exception
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        reason = json.loads(answer.body)["Reason"]
        refusal = TooManyRequestsException("Rate Exceeded.", Reason=reason, Type="User")
    else:
        refusal = ServiceException(f"the runner answered {answer.status}: {answer.body[:500]!r}")
    return refusal
