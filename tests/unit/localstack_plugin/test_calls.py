from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.localstack_plugin.stand_ins import ServiceException, TooManyRequestsException
from tests.unit.runner.socket_server import SocketServer, serving
from tidings_local.front_door.http import Response

Maker = Callable[..., Any]
DONE = Response(
    status=200, headers=[(b"X-Amz-Log-Result", b"U1RBUlQ=")], body=b'{"said": "\xc3\xa6"}'
)


@pytest.fixture
def runner(
    make_version: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SocketServer]:
    monkeypatch.setenv("TIDINGS_RUNNER_SOCKET", str(tmp_path / "runner.sock"))
    with serving(tmp_path / "runner.sock", DONE) as server:
        yield server


def invoke(version: Any, **call: Any) -> Any:
    from localstack.services.lambda_.invocation.version_manager import LambdaVersionManager

    from tidings_local.localstack_plugin import calls

    calls.use_runner()
    given: dict[str, Any] = {
        "payload": b"1",
        "request_id": "r-1",
        "invoked_arn": "arn:orders",
        "client_context": None,
        "trace_context": {},
    }
    return LambdaVersionManager(version).invoke(invocation=SimpleNamespace(**given | call))


def test_call_is_one_request_to_the_runner(runner: SocketServer, make_version: Maker) -> None:
    result = invoke(make_version(), client_context="eyJjIjogMX0=")
    (asked,) = runner.asked
    assert asked.target == "/2015-03-31/functions/arn:orders:%24LATEST/invocations"
    assert asked.body == b"1"
    assert asked.headers["x-tidings-request-id"] == "r-1"
    assert asked.headers["x-tidings-invoked-arn"] == "arn:orders"
    assert asked.headers["x-amzn-trace-id"] == "Root=1-fresh"
    assert asked.headers["x-amz-client-context"] == "eyJjIjogMX0="
    assert (result.request_id, result.payload) == ("r-1", '{"said": "æ"}'.encode())
    assert (result.is_error, result.logs, result.executed_version) == (False, "START", "$LATEST")


def test_function_error_is_a_result(runner: SocketServer, make_version: Maker) -> None:
    runner.answers = [Response(status=200, headers=[(b"X-Amz-Function-Error", b"Unhandled")])]
    assert invoke(make_version()).is_error is True


def test_throttle_is_status_429_of_the_lambda_api(
    runner: SocketServer, make_version: Maker
) -> None:
    body = b'{"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded"}'
    runner.answers = [Response(status=429, body=body)]
    with pytest.raises(TooManyRequestsException, match="Rate Exceeded") as refusal:
        invoke(make_version())
    reason = refusal.value.details["Reason"]
    assert reason == "ReservedFunctionConcurrentInvocationLimitExceeded"


def test_call_waits_for_a_runner_that_is_starting(
    runner: SocketServer, make_version: Maker
) -> None:
    runner.answers = [Response(status=503), DONE]
    assert invoke(make_version()).is_error is False


def test_call_that_the_runner_cannot_take_is_retried_by_localstack(
    make_version: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tidings_local.localstack_plugin import calls

    monkeypatch.setenv("TIDINGS_RUNNER_SOCKET", str(tmp_path / "nothing.sock"))
    monkeypatch.setattr(calls, "PATIENCE_SECONDS", 0.1)
    with pytest.raises(ServiceException, match="the runner is unavailable"):
        invoke(make_version())
