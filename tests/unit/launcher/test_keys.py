"""Rotated signing keys survive a restart of LocalStack and a new deployment."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from tests.simulated_aws import simulated_aws
from tidings.platform.secrets import PublicKeys, SigningKeys
from tidings.platform.security.keys import public_part
from tidings_local.launcher.deploying import deploy
from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.operating import keys
from tidings_local.launcher.operating.keys import rotate_keys
from tidings_local.launcher.operating.rules import Invocation
from tidings_local.launcher.running.credentials import load_or_make
from tidings_local.launcher.running.signing_keys import make_signing_keys, public_keys
from tidings_local.launcher.settings import Settings

SECRET = "tidings/signing-keys"


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with simulated_aws(monkeypatch):
        client = boto3.client("secretsmanager", region_name="us-east-1")
        monkeypatch.setattr(keys, "client", lambda _stack, _service: client)
        yield client


def stack_in(folder: Path) -> Any:
    return SimpleNamespace(folder=folder)


def answers(monkeypatch: pytest.MonkeyPatch, result: object, *, failed: bool = False) -> None:
    done = Invocation("tidings-rotate-keys", result, failed, "")
    monkeypatch.setattr(keys, "invoke", lambda *_: done)


def test_rotated_keys_are_saved_and_used(
    manager: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_or_make(tmp_path)
    rotated = make_signing_keys()
    manager.create_secret(Name=SECRET, SecretString=json.dumps(rotated))
    answers(monkeypatch, {"current": rotated["current"], "keys": [rotated["current"]]})
    assert rotate_keys(stack_in(tmp_path))["current"] == rotated["current"]
    assert load_or_make(tmp_path).signing_keys == rotated


def test_failed_rotation_changes_nothing(
    manager: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = load_or_make(tmp_path)
    answers(monkeypatch, {"errorMessage": "no such secret"}, failed=True)
    with pytest.raises(LauncherError) as refused:
        rotate_keys(stack_in(tmp_path))
    assert "no such secret" in " ".join(refused.value.lines())
    assert load_or_make(tmp_path) == before


@pytest.mark.parametrize(("keep", "expected"), [(True, "first"), (False, "second")])
def test_deployment_keeps_the_signing_keys(keep: bool, expected: str, manager: Any) -> None:
    arns = {deploy._store(manager, SECRET, value, keep=keep) for value in ("first", "second")}
    assert len(arns) == 1
    assert manager.get_secret_value(SecretId=SECRET)["SecretString"] == expected


def members(folder: Path) -> Any:
    connections = SimpleNamespace(
        mongodb_uri="m", redis_url="r", cache_redis_url="c", amqp_url="a", broker_login={}
    )
    return SimpleNamespace(credentials=load_or_make(folder), of_functions=connections)


def secret(manager: Any, name: str) -> Any:
    return json.loads(manager.get_secret_value(SecretId=f"tidings/{name}")["SecretString"])


def test_deployment_publishes_the_current_signing_keys(
    manager: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deploy, "client", lambda _stack, _service: manager)
    settings = Settings(stack="local")
    deploy.store_secrets(stack_in(tmp_path), members(tmp_path), settings)
    made = load_or_make(tmp_path).signing_keys
    assert secret(manager, "public-keys") == public_keys(made)
    # The state after a rotation whose public part was lost, or of a version that had none.
    rotated = make_signing_keys()
    manager.put_secret_value(SecretId=SECRET, SecretString=json.dumps(rotated))
    arns = deploy.store_secrets(stack_in(tmp_path), members(tmp_path), settings)
    assert secret(manager, "signing-keys") == rotated
    assert secret(manager, "public-keys") == public_keys(rotated)
    assert arns.keys() >= {"signing-keys", "public-keys", "mongodb", "broker"}


def test_launcher_and_functions_publish_the_same_keys() -> None:
    made = make_signing_keys()
    expected = public_part(SigningKeys.model_validate(made))
    assert PublicKeys.model_validate(public_keys(made)) == expected
    assert "PRIVATE" not in json.dumps(public_keys(made))


def test_laptop_is_open_by_default() -> None:
    there = Settings(stack="local")
    assert set(deploy.openness(there).values()) == {"true"}
    off = {"introspection": False, "graphiql": False, "example_shop": False, "open_metrics": False}
    closed = Settings.model_validate({"stack": "local", **off})
    assert deploy.openness(closed) == {
        "Introspection": "false",
        "GraphiQL": "false",
        "ExampleShop": "false",
        "OpenMetrics": "false",
    }
