import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from tidings_local.runner.settings import RunnerSettings
from tidings_local.service.settings import describe

NEEDED = {
    "TIDINGS_RUNNER_SOCKET": "/run/runner.sock",
    "TIDINGS_LOCALSTACK_URL": "http://127.0.0.1:19576",
    "TIDINGS_RUNTIME_PYTHON": sys.executable,
    "TIDINGS_LAMBDA_DIR": "/data/lambda",
    "TIDINGS_EVENTS_FILE": "/data/events.sqlite",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)


def test_five_settings_are_required() -> None:
    settings = RunnerSettings.read()
    assert (settings.public_host, settings.public_port) == ("127.0.0.1", 4566)
    assert settings.endpoint == "http://127.0.0.1:19576"
    assert settings.upstream == ("127.0.0.1", 19576)
    assert (settings.front_door, settings.certificate) == ("runner", None)
    assert settings.events_file == Path("/data/events.sqlite")
    host = settings.host_settings()
    assert (host.interpreter, host.directory) == (Path(sys.executable), Path("/data/lambda"))
    assert (host.max_environments, host.max_total_environments) == (4, 64)
    assert (host.keepalive_seconds, host.wait_seconds) == (600, 10)


def test_every_limit_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {
        "MAX_ENVIRONMENTS": "2",
        "MAX_TOTAL_ENVIRONMENTS": "8",
        "KEEPALIVE_SECONDS": "30",
        "WAIT_SECONDS": "0.5",
    }
    for name, value in limits.items():
        monkeypatch.setenv(f"TIDINGS_LAMBDA_{name}", value)
    host = RunnerSettings.read().host_settings()
    assert (host.max_environments, host.max_total_environments) == (2, 8)
    assert (host.keepalive_seconds, host.wait_seconds) == (30, 0.5)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIDINGS_RUNNER_SOCKET", ""),
        ("TIDINGS_LOCALSTACK_URL", "localhost"),
        ("TIDINGS_RUNTIME_PYTHON", "/nowhere"),
        ("TIDINGS_LAMBDA_MAX_ENVIRONMENTS", "0"),
        ("TIDINGS_FRONT_DOOR", "both"),
        ("TIDINGS_PUBLIC_PORT", "70000"),
    ],
)
def test_invalid_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as refusal:
        RunnerSettings.read()
    assert describe(refusal.value).startswith(f"{name}: ")
