from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.lambda_host.test_packages import zipped
from tests.unit.localstack_plugin.stand_ins import TooManyRequestsException
from tidings_local.lambda_host import (
    Function,
    FunctionKey,
    Invocation,
    Outcome,
    PackageStore,
    ThrottledError,
)

Maker = Callable[..., Any]
CODE = zipped({"app.py": ""})
PAYLOAD = {"invoke-id": "r-1", "invoked-function-arn": "arn:orders", "payload": '"æ"'}


class RecordingHost:
    def __init__(self) -> None:
        self.invocations: list[Invocation] = []
        self.retired: list[FunctionKey] = []
        self.throttled = False

    def invoke(self, function: Function, invocation: Invocation) -> Outcome:
        if self.throttled:
            raise ThrottledError(function.arn, 10)
        self.invocations.append(invocation)
        return Outcome(request_id="r-1", payload=b"1", is_error=False, logs="START")

    def retire(self, key: FunctionKey) -> None:
        self.retired.append(key)


@pytest.fixture
def host(make_version: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RecordingHost:
    from tidings_local.localstack_plugin import executor

    recording = RecordingHost()
    monkeypatch.setattr(executor, "shared_host", lambda: recording)
    monkeypatch.setattr(executor, "shared_packages", lambda: PackageStore(tmp_path))
    return recording


def started(version: Any) -> Any:
    from tidings_local.localstack_plugin.executor import ProcessRuntimeExecutor

    executor = ProcessRuntimeExecutor("handle-1", version)
    executor.start({})
    return executor


def test_call_is_handed_to_the_host_and_its_outcome_back(
    host: RecordingHost, make_version: Maker
) -> None:
    result = started(make_version(CODE)).invoke(PAYLOAD)
    assert (result.request_id, result.payload, result.logs) == ("r-1", b"1", "START")
    assert result.is_error is False
    (invocation,) = host.invocations
    assert invocation.payload == '"æ"'.encode()
    assert invocation.invoked_arn == "arn:orders"


def test_throttle_is_the_answer_429_of_the_lambda_api(
    host: RecordingHost, make_version: Maker
) -> None:
    host.throttled = True
    with pytest.raises(TooManyRequestsException, match="stayed busy") as refusal:
        started(make_version(CODE)).invoke(PAYLOAD)
    assert refusal.value.details["Reason"] == "ConcurrentInvocationLimitExceeded"


def test_stopped_handle_ends_no_process_of_others(host: RecordingHost, make_version: Maker) -> None:
    started(make_version(CODE)).stop()
    assert host.retired == []


def test_cleaned_up_version_is_retired(host: RecordingHost, make_version: Maker) -> None:
    version = make_version(CODE)
    type(started(version)).cleanup_version(version)
    assert host.retired == [FunctionKey("arn:orders:$LATEST", "1")]


def test_version_is_unpacked_before_its_first_call(
    host: RecordingHost, make_version: Maker, tmp_path: Path
) -> None:
    version = make_version(CODE)
    from tidings_local.localstack_plugin.executor import ProcessRuntimeExecutor

    ProcessRuntimeExecutor.prepare_version(version)
    assert [path.name for path in tmp_path.rglob("app.py")] == ["app.py"]


def test_missing_interpreter_is_told_when_localstack_starts(
    host: RecordingHost, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from tidings_local.localstack_plugin.executor import ProcessRuntimeExecutor

    monkeypatch.setenv("TIDINGS_RUNTIME_PYTHON", "/nowhere/python")
    assert ProcessRuntimeExecutor.validate_environment() is False
    assert "TIDINGS_RUNTIME_PYTHON must be the path" in caplog.text


def test_no_timer_of_localstack_holds_its_end(host: RecordingHost) -> None:
    from localstack.services.lambda_.invocation import execution_environment

    from tidings_local.localstack_plugin.executor import (
        ProcessRuntimeExecutor,
        ProcessRuntimeExecutorPlugin,
    )

    assert ProcessRuntimeExecutorPlugin().load() is ProcessRuntimeExecutor
    assert execution_environment.Timer(1, print).daemon
