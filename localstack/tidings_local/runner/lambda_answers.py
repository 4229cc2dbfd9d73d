"""Lambda's own answers to Invoke: results and refusals."""

import base64
import json
from http import HTTPStatus

from tidings_local.front_door.http import Headers, Response
from tidings_local.lambda_host import Outcome, ThrottledError
from tidings_local.runner.calls import ReservedConcurrencyError
from tidings_local.runner.registry import UnknownFunctionError

MAX_PAYLOAD_BYTES = 6_291_456
LOG_TAIL_BYTES = 4096
RETRY_SECONDS = 1


def result(outcome: Outcome, version: str, *, with_log: bool) -> Response:
    headers: Headers = [
        (b"Content-Type", b"application/json"),
        (b"X-Amzn-RequestId", outcome.request_id.encode()),
        (b"X-Amz-Executed-Version", version.encode()),
    ]
    if outcome.is_error:
        headers.append((b"X-Amz-Function-Error", b"Unhandled"))
    if with_log:
        tail = outcome.logs.encode()[-LOG_TAIL_BYTES:]
        headers.append((b"X-Amz-Log-Result", base64.b64encode(tail)))
    return Response(status=HTTPStatus.OK, headers=headers, body=outcome.payload)


def accepted(request_id: str) -> Response:
    """Answer an asynchronous call: it is accepted."""
    headers: Headers = [(b"X-Amzn-RequestId", request_id.encode())]
    return Response(status=HTTPStatus.ACCEPTED, headers=headers)


def dry_run() -> Response:
    return Response(status=HTTPStatus.NO_CONTENT)


def unknown(error: UnknownFunctionError) -> Response:
    said = {"Type": "User", "Message": str(error)}
    return refusal(HTTPStatus.NOT_FOUND, "ResourceNotFoundException", said)


def throttled(error: ThrottledError) -> Response:
    """Return AWS's body; the reason names the limit."""
    of = "ReservedFunction" if isinstance(error, ReservedConcurrencyError) else ""
    reason = f"{of}ConcurrentInvocationLimitExceeded"
    said = {"Type": "User", "Reason": reason, "message": "Rate Exceeded."}
    return refusal(HTTPStatus.TOO_MANY_REQUESTS, "TooManyRequestsException", said)


def too_large() -> Response:
    limit = f"Request must be smaller than {MAX_PAYLOAD_BYTES} bytes"
    said = {"Type": "User", "message": f"{limit} for the InvokeFunction operation"}
    return refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "RequestTooLargeException", said)


def bad_payload(problem: str) -> Response:
    message = f"Could not parse request body into json: {problem}"
    said = {"Type": "User", "message": message}
    return refusal(HTTPStatus.BAD_REQUEST, "InvalidRequestContentException", said)


def unavailable(message: str) -> Response:
    """Answer that the runner is unavailable for a short time: a client may repeat the call."""
    said = {"Type": "Service", "message": message}
    answer = refusal(HTTPStatus.SERVICE_UNAVAILABLE, "ServiceException", said)
    answer.headers.append((b"Retry-After", b"%d" % RETRY_SECONDS))
    return answer


def refusal(status: HTTPStatus, error_type: str, said: dict[str, str]) -> Response:
    headers = [
        (b"Content-Type", b"application/json"),
        (b"X-Amzn-ErrorType", error_type.encode()),
    ]
    return Response(status=status, headers=headers, body=json.dumps(said).encode())
