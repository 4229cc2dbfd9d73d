"""Call functions of the same machine directly by the runner's socket."""

from http import HTTPStatus

from tidings_local.bridge.lambda_api import Outcome, Result
from tidings_local.runner.client import Answer, RunnerAwayError, RunnerClient, RunnerLostError


class RunnerInvoker:
    """Invokes one function. The runner ends it at its timeout, and answers then too."""

    def __init__(self, client: RunnerClient, function_arn: str) -> None:
        self._client = client
        self._function_arn = function_arn

    def __call__(self, payload: bytes) -> Outcome:
        try:
            answer = self._client.invoke(self._function_arn, payload)
        except (RunnerAwayError, RunnerLostError) as error:
            return Outcome(Result.UNREACHABLE, str(error))
        return _outcome(answer)


def _outcome(answer: Answer) -> Outcome:
    if answer.status == HTTPStatus.OK:
        if answer.is_function_error:
            return Outcome(Result.FUNCTION_ERROR, answer.headers["x-amz-function-error"])
        return Outcome(Result.SUCCESS)
    code = answer.headers.get("x-amzn-errortype", "unknown")
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Outcome(Result.THROTTLED, code)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Outcome(Result.UNREACHABLE, f"{code} ({answer.status})")
    return Outcome(Result.REFUSED, code)
