import json

import pytest

from tidings_local.lambda_host import faults


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (0, "Runtime exited without providing a reason"),
        (1, "Runtime exited with error: exit status 1"),
        (137, "Runtime exited with error: exit status 137"),
        (-9, "Runtime exited with error: signal: killed"),
        (-11, "Runtime exited with error: signal: segmentation fault"),
        (-10, "Runtime exited with error: signal: signal 10"),
    ],
)
def test_exit_is_described_as_aws_describes_it(code: int, reason: str) -> None:
    assert faults.exit_reason(code) == reason


def test_exit_names_the_request() -> None:
    assert json.loads(faults.exited("r-1", 1).payload()) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": "RequestId: r-1 Error: Runtime exited with error: exit status 1",
    }


def test_timeout_message_has_two_decimals() -> None:
    assert json.loads(faults.timed_out("r-1", 3).payload()) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: r-1 Error: Task timed out after 3.00 seconds",
    }
    assert faults.timed_out("r-1", 3).status == "timeout"


def test_too_large_response_message_has_the_limit_of_aws() -> None:
    assert "(6291556 bytes)" in faults.response_too_large().message
