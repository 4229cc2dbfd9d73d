"""Rotated signing keys outlive LocalStack and a new deployment."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tidings_local.launcher import deploy, keys
from tidings_local.launcher.credentials import load_or_make, make_signing_keys
from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.keys import rotate_keys
from tidings_local.launcher.rules import Invocation
from tidings_local.launcher.settings import Settings

SECRET = "tidings/signing-keys"


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("secretsmanager", region_name="us-east-1")
        monkeypatch.setattr(keys, "client", lambda _stack, _service: client)
        yield client


def stack_in(folder: Path) -> Any:
    return SimpleNamespace(folder=folder)


def answers(monkeypatch: pytest.MonkeyPatch, result: object, *, failed: bool = False) -> None:
    done = Invocation("tidings-rotate-keys", result, failed, "")
    monkeypatch.setattr(keys, "invoke", lambda *_: done)


def test_rotated_keys_are_taken_back(
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
def test_deployment_leaves_signing_keys_as_they_are(
    keep: bool, expected: str, manager: Any
) -> None:
    arns = {deploy._store(manager, SECRET, value, keep=keep) for value in ("first", "second")}
    assert len(arns) == 1
    assert manager.get_secret_value(SecretId=SECRET)["SecretString"] == expected


def test_tests_have_no_limits_and_other_stacks_those_that_are_set() -> None:
    given = {
        "TIDINGS_STACK": "local",
        "TIDINGS_CALLS_PER_MINUTE": 7,
        "TIDINGS_SENDS_PER_MINUTE": 5,
        "TIDINGS_ADDRESS_ALLOWANCE": 3,
    }
    set_ = Settings.model_validate(given)
    assert deploy.limits(set_) == {
        "CallsPerMinute": "7",
        "SendsPerMinute": "5",
        "AddressAllowance": "3",
    }
    of_tests = deploy.limits(set_.model_copy(update={"stack": "test"}))
    assert set(of_tests.values()) == {str(deploy.UNLIMITED)}
