from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.lambda_host.test_packages import zipped
from tests.unit.runner.socket_server import SocketServer, serving

Maker = Callable[..., Any]
CODE = zipped({"app.py": ""})


@pytest.fixture
def runner(
    make_version: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SocketServer]:
    monkeypatch.setenv("TIDINGS_RUNNER_SOCKET", str(tmp_path / "runner.sock"))
    monkeypatch.setenv("TIDINGS_LAMBDA_DIR", str(tmp_path / "lambda"))
    monkeypatch.setenv("TIDINGS_RUNTIME_PYTHON", "/usr/bin/true")  # compile nothing
    with serving(tmp_path / "runner.sock") as server:
        yield server


def executor() -> Any:
    from tidings_local.localstack_plugin import executor

    return executor


def test_version_is_handed_over_unpacked_before_it_is_active(
    runner: SocketServer, make_version: Maker
) -> None:
    version = make_version(CODE, environment={"MINE": "1"})
    executor().ProcessRuntimeExecutor.prepare_version(version)
    ((kind, key, function),) = runner.changes
    assert (kind, key) == ("functions", "arn:orders:$LATEST")
    assert Path(function["code_dir"], "app.py").exists()
    assert function["variables"] == {"MINE": "1"}
    assert function["platform_variables"]["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"


def test_unsupported_version_is_not_handed_over(runner: SocketServer, make_version: Maker) -> None:
    module = executor()
    with pytest.raises(module.LambdaHostError, match="LAMBDA_RUNTIME_EXECUTOR=docker"):
        module.ProcessRuntimeExecutor.prepare_version(make_version(CODE, runtime="nodejs20.x"))
    assert runner.changes == []


def test_deleted_version_is_removed_from_the_runner(
    runner: SocketServer, make_version: Maker
) -> None:
    module = executor()
    module.ProcessRuntimeExecutor.prepare_version(make_version(CODE))
    module.forget_version("arn:orders:$LATEST")
    assert runner.changes[-1] == ("functions", "arn:orders:$LATEST", None)


def test_stopping_localstack_keeps_the_runners_functions(
    runner: SocketServer, make_version: Maker
) -> None:
    version = make_version(CODE)
    executor().ProcessRuntimeExecutor.prepare_version(version)
    executor().ProcessRuntimeExecutor.cleanup_version(version)
    assert len(runner.changes) == 1


def test_containers_do_not_use_the_runner(
    runner: SocketServer, make_version: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = executor()
    monkeypatch.setattr(module.config, "LAMBDA_RUNTIME_EXECUTOR", "docker")
    module.forget_version("arn:orders:$LATEST")
    assert runner.asked == []


@pytest.mark.parametrize("variable", ["TIDINGS_RUNTIME_PYTHON", "TIDINGS_RUNNER_SOCKET"])
def test_missing_setting_is_reported_when_localstack_starts(
    runner: SocketServer,
    variable: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv(variable, "")
    assert executor().ProcessRuntimeExecutor.validate_environment() is False
    assert f"{variable} must be the path" in caplog.text


def test_plugin_replaces_the_calls_of_localstack(runner: SocketServer) -> None:
    from localstack.services.lambda_.invocation import execution_environment
    from localstack.services.lambda_.invocation.logs import LogHandler

    module = executor()
    assert module.ProcessRuntimeExecutorPlugin().load() is module.ProcessRuntimeExecutor
    assert execution_environment.Timer(1, print).daemon  # no timer delays the end of LocalStack
    LogHandler().start_subscriber()
    assert LogHandler.started == 0


def test_provisioned_environment_starts_nothing(runner: SocketServer) -> None:
    made = executor().ProcessRuntimeExecutor("id", SimpleNamespace())
    made.start({})
    made.stop()
    assert runner.asked == []
