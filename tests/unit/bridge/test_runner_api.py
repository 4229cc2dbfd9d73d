from pathlib import Path

import pytest

from tests.unit.runner.socket_server import serving
from tidings_local.bridge.lambda_api import Outcome, Result
from tidings_local.bridge.runner_api import RunnerInvoker
from tidings_local.front_door.http import Headers, Response
from tidings_local.runner.client import RunnerClient

ARN = "arn:aws:lambda:us-east-1:000000000000:function:orders"


def invoke(path: Path) -> Outcome:
    return RunnerInvoker(RunnerClient(str(path)), ARN)(b"{}")


@pytest.mark.parametrize(
    ("status", "headers", "outcome"),
    [
        (200, [], Outcome(Result.SUCCESS)),
        (
            200,
            [(b"X-Amz-Function-Error", b"Unhandled")],
            Outcome(Result.FUNCTION_ERROR, "Unhandled"),
        ),
        (
            429,
            [(b"X-Amzn-ErrorType", b"TooManyRequestsException")],
            Outcome(Result.THROTTLED, "TooManyRequestsException"),
        ),
        (
            503,
            [(b"X-Amzn-ErrorType", b"ServiceException")],
            Outcome(Result.UNREACHABLE, "ServiceException (503)"),
        ),
        (
            404,
            [(b"X-Amzn-ErrorType", b"ResourceNotFoundException")],
            Outcome(Result.REFUSED, "ResourceNotFoundException"),
        ),
    ],
)
def test_runner_answers_like_lambda(
    tmp_path: Path, status: int, headers: Headers, outcome: Outcome
) -> None:
    with serving(tmp_path / "s", Response(status=status, headers=headers)) as server:
        assert invoke(tmp_path / "s") == outcome
    (asked,) = server.asked
    assert asked.target == f"/2015-03-31/functions/{ARN}/invocations"
    assert asked.body == b"{}"


def test_unavailable_runner_counts_as_unavailable_lambda(tmp_path: Path) -> None:
    assert invoke(tmp_path / "s").result is Result.UNREACHABLE
