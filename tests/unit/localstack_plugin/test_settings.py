import sys
from pathlib import Path

import pytest

from tidings_local.lambda_host import RuntimeMissingError
from tidings_local.localstack_plugin.settings import PluginSettings, SettingError


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PluginSettings.model_fields:
        monkeypatch.delenv(f"TIDINGS_{name.upper()}", raising=False)


def test_settings_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDINGS_RUNTIME_PYTHON", sys.executable)
    monkeypatch.setenv("TIDINGS_LAMBDA_DIR", "/data/lambda")
    monkeypatch.setenv("TIDINGS_RUNNER_SOCKET", "/run/runner.sock")
    settings = PluginSettings.read()
    assert settings.interpreter() == Path(sys.executable)
    assert settings.lambda_dir == Path("/data/lambda")
    assert settings.socket() == Path("/run/runner.sock")


@pytest.mark.parametrize("path", ["", "/nowhere/python"])
def test_missing_interpreter_is_one_error(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDINGS_RUNTIME_PYTHON", path)
    settings = PluginSettings.read()
    with pytest.raises(RuntimeMissingError, match="TIDINGS_RUNTIME_PYTHON must be the path"):
        settings.interpreter()


def test_missing_socket_is_one_error() -> None:
    with pytest.raises(SettingError, match="TIDINGS_RUNNER_SOCKET must be the path"):
        PluginSettings.read().socket()


def test_empty_folder_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDINGS_LAMBDA_DIR", "")
    assert PluginSettings.read().lambda_dir.name == "tidings-lambda"


def test_localstack_stays_on_the_loopback_unless_it_is_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not PluginSettings.read().any_interface
    monkeypatch.setenv("TIDINGS_ANY_INTERFACE", "true")
    assert PluginSettings.read().any_interface
