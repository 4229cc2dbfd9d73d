import sys
from pathlib import Path

import pytest

from tidings_local.lambda_host import RuntimeMissingError
from tidings_local.localstack_plugin.settings import PluginSettings, SettingError


def test_defaults_need_nothing_but_the_interpreter() -> None:
    settings = PluginSettings.read({"TIDINGS_RUNTIME_PYTHON": sys.executable}).host_settings()
    assert settings.interpreter == Path(sys.executable)
    assert settings.max_environments == 4
    assert settings.keepalive_seconds == 600


def test_every_limit_can_be_set() -> None:
    settings = PluginSettings.read(
        {
            "TIDINGS_LAMBDA_DIR": "/data/lambda",
            "TIDINGS_LAMBDA_MAX_ENVIRONMENTS": "2",
            "TIDINGS_LAMBDA_MAX_TOTAL_ENVIRONMENTS": "8",
            "TIDINGS_LAMBDA_KEEPALIVE_SECONDS": "30",
            "TIDINGS_LAMBDA_WAIT_SECONDS": "0.5",
        }
    )
    assert settings == PluginSettings(None, Path("/data/lambda"), 2, 8, 30, 0.5)


@pytest.mark.parametrize("path", ["", "/nowhere/python"])
def test_missing_interpreter_gives_one_clear_error(path: str) -> None:
    settings = PluginSettings.read({"TIDINGS_RUNTIME_PYTHON": path})
    with pytest.raises(RuntimeMissingError, match="TIDINGS_RUNTIME_PYTHON must be the path"):
        settings.interpreter()


@pytest.mark.parametrize(("text", "complaint"), [("many", "a number"), ("0", "at least 1")])
def test_impossible_limit_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(SettingError, match=f"TIDINGS_LAMBDA_MAX_ENVIRONMENTS must be {complaint}"):
        PluginSettings.read({"TIDINGS_LAMBDA_MAX_ENVIRONMENTS": text})
