"""`make gateway`: Chalice serves the working tree with the deployed function's settings."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tidings_local.launcher import aws
from tidings_local.launcher.developing import gateway
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.stack import Stack


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    def configuration(FunctionName: str) -> dict[str, Any]:  # noqa: N803 (boto3's name)
        assert FunctionName == "tidings-gateway"
        return {"Environment": {"Variables": {"TIDINGS_GRAPHIQL": "true"}}}

    lambda_ = SimpleNamespace(get_function_configuration=configuration)
    monkeypatch.setattr(aws, "client", lambda _stack, _service: lambda_)
    return Stack("mine", tmp_path, Ports(41000))


def test_settings_are_those_of_the_deployed_function(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDINGS_CORS_ORIGINS", "*")
    environment = gateway.environment(stack)
    assert environment["TIDINGS_GRAPHIQL"] == "true"
    assert environment["AWS_ENDPOINT_URL"] == stack.endpoint
    assert environment["PYTHONPATH"].endswith("layers/tidings")
    assert "TIDINGS_CORS_ORIGINS" not in environment


def test_chalice_finds_its_project_and_its_stage() -> None:
    program, *arguments = gateway.command(5000)
    assert Path(program).name == "chalice"
    assert arguments[2:] == ["local", "--stage", "local", "--port", "5000"]
    config = json.loads((gateway.FOLDER / ".chalice" / "config.json").read_text())
    assert "local" in config["stages"]
    assert arguments[:2] == ["--project-dir", str(gateway.FOLDER)]
