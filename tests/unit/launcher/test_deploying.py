"""A failed deployment leaves the previous one running, at any failure."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tests.unit.launcher.test_deployed import a_build, code
from tidings_local.launcher.deploying import deploy as module
from tidings_local.launcher.deploying.deploy import (
    deploy,
    is_deployed,
    remember,
    remembered,
    updated,
)
from tidings_local.launcher.deploying.deployed import Deployed, load_deployed, save_deployed
from tidings_local.launcher.deploying.deployed_code import Code
from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.stack import Stack
from tidings_local.launcher.settings import Settings

OLD, NEW = code("old"), code("new")
FAILURES = [
    LauncherError("function tidings-one did not take its new code"),
    ClientError({"Error": {"Code": "ServiceException", "Message": "not taken"}}, "Update"),
    EndpointConnectionError(endpoint_url="http://localhost:4566"),
    OSError("no space left on device"),
]


class Engine:
    """Replaces LocalStack, and records what is deployed."""

    def __init__(self, stack: Stack, build: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stack = stack
        self.wanted = {"localstack": "session-1", "sources": "2", "structure": "1"}
        self.brought: list[tuple[str, Code]] = []
        self.failures: list[Exception] = []
        self.woken: list[Any] = []
        self.note_meanwhile: dict[str, str] | None = None
        self.saved_meanwhile: dict[str, str] = {}
        replaced: dict[str, Callable[..., Any]] = {
            "what_is_wanted": lambda *_: dict(self.wanted),
            "_state_of_localstack": lambda _: {"localstack": self.wanted["localstack"]},
            "working_tree": lambda *_: NEW,
            "build": lambda _: build,
            "client": lambda *_: SimpleNamespace(),
            "update_code": lambda _, wanted: self._take("code", wanted),
            "_bring": lambda _stack, _settings, _members, wanted: self._all(wanted),
            "_wake_consumers": lambda _, names: self.woken.append(list(names)),
        }
        for name, instead in replaced.items():
            monkeypatch.setattr(module, name, instead)

    def _all(self, wanted: Deployed) -> None:
        self.wanted["localstack"] = f"session-{len(self.brought) + 2}"
        self._take("all", wanted.code)

    def _take(self, what: str, wanted: Code) -> list[str]:
        self.note_meanwhile = remembered(self.stack)
        self.wanted |= self.saved_meanwhile
        self.brought.append((what, wanted))
        if self.failures:
            raise self.failures.pop(0)
        return list(wanted.functions)

    def deploy(self) -> None:
        deploy(self.stack, Settings(), SimpleNamespace())  # type: ignore[arg-type]

    def is_deployed(self) -> bool:
        return is_deployed(self.stack, Settings(), SimpleNamespace())  # type: ignore[arg-type]

    def had(self, what: dict[str, str], tmp_path: Path) -> None:
        """Set the previous deployment."""
        save_deployed(self.stack, Deployed(a_build(tmp_path / "old", "old"), OLD))
        remember(self.stack, self.wanted | what)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    stack = Stack("local", tmp_path / "stack", Ports(41000))
    stack.make_folders()
    return Engine(stack, a_build(tmp_path / "new", "new"), monkeypatch)


def kept(engine: Engine) -> Code:
    found = load_deployed(engine.stack)
    assert found is not None
    return found.code


def test_first_deployment_deploys_everything_and_is_remembered(engine: Engine) -> None:
    assert not engine.is_deployed()
    engine.deploy()
    assert engine.brought == [("all", NEW)]
    assert engine.is_deployed()
    assert kept(engine) == NEW


def test_changed_code_alone_is_deployed_by_the_lambda_api(engine: Engine, tmp_path: Path) -> None:
    engine.had({"sources": "1"}, tmp_path)
    engine.deploy()
    assert engine.brought == [("code", NEW)]
    assert engine.woken == [["tidings-one"]]
    assert engine.is_deployed()
    assert kept(engine) == NEW


@pytest.mark.parametrize(
    ("functions", "told"),
    [
        ([], "every function has this code already"),
        (["a"], "updated 1 function: a"),
        (["a", "b"], "updated 2 functions: a, b"),
        (list("abcde"), "updated 5 functions: a, b, c, d, e"),
        (list("abcdef"), "updated 6 functions"),
    ],
)
def test_few_updated_functions_are_named(functions: list[str], told: str) -> None:
    assert updated(functions) == told


@pytest.mark.parametrize("other", [{"structure": "0"}, {"localstack": "gone"}, {"of_before": "1"}])
def test_any_other_difference_deploys_everything(
    engine: Engine, other: dict[str, str], tmp_path: Path
) -> None:
    engine.had(other, tmp_path)
    engine.deploy()
    assert engine.brought == [("all", NEW)]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda each: type(each).__name__)
def test_refused_code_restores_the_old_one(
    engine: Engine, failure: Exception, tmp_path: Path
) -> None:
    engine.had({"sources": "1"}, tmp_path)
    engine.failures = [failure]
    with pytest.raises(type(failure)) as told:
        engine.deploy()
    assert told.value is failure
    assert engine.brought == [("code", NEW), ("code", OLD)]
    assert kept(engine) == OLD


@pytest.mark.parametrize("failure", FAILURES, ids=lambda each: type(each).__name__)
def test_failed_deployment_restores_the_previous_one(
    engine: Engine, failure: Exception, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.had({"structure": "0"}, tmp_path)
    engine.failures = [failure]
    with pytest.raises(LauncherError, match="the previous one runs again"):
        engine.deploy()
    assert engine.brought == [("all", NEW), ("all", OLD)]
    assert kept(engine) == OLD
    assert str(failure) in "".join(capsys.readouterr())


@pytest.mark.parametrize("failure", FAILURES, ids=lambda each: type(each).__name__)
def test_failed_first_deployment_is_reported_with_its_reason(
    engine: Engine, failure: Exception
) -> None:
    engine.failures = [failure]
    with pytest.raises(type(failure)) as told:
        engine.deploy()
    assert told.value is failure
    assert engine.brought == [("all", NEW)]
    assert load_deployed(engine.stack) is None


@pytest.mark.parametrize("before", [{"sources": "1"}, {"structure": "0"}])
def test_interrupted_deployment_is_repeated_as_a_whole(
    engine: Engine, before: dict[str, str], tmp_path: Path
) -> None:
    """Also after a kill: the note is removed before anything changes."""
    engine.had(before, tmp_path)
    engine.failures = [KeyboardInterrupt()]  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        engine.deploy()
    assert engine.note_meanwhile == {}
    assert not engine.is_deployed()
    engine.deploy()
    assert engine.brought[-1] == ("all", NEW)
    assert engine.is_deployed()


def test_failed_restore_is_reported_with_the_original_reason(
    engine: Engine, tmp_path: Path
) -> None:
    engine.had({"structure": "0"}, tmp_path)
    engine.failures = [LauncherError("refused"), LauncherError("LocalStack does not start")]
    with pytest.raises(LauncherError, match="LocalStack does not start"):
        engine.deploy()
    assert not engine.is_deployed()
    assert kept(engine) == OLD, "the next deployment must try to restore it again"


def test_failed_restore_of_code_is_reported_with_both_reasons(
    engine: Engine, tmp_path: Path
) -> None:
    engine.had({"sources": "1"}, tmp_path)
    engine.failures = [LauncherError("refused", hint="too large"), OSError("the disk is full")]
    with pytest.raises(LauncherError, match="refused: too large") as told:
        engine.deploy()
    assert "not restored either: OSError: the disk is full" in told.value.hint
    assert not engine.is_deployed()


@pytest.mark.parametrize("before", [{"sources": "1"}, {"structure": "0"}])
@pytest.mark.parametrize("saved", ["sources", "structure"])
def test_file_that_is_saved_during_a_deployment_is_deployed_by_the_next_one(
    engine: Engine, tmp_path: Path, before: dict[str, str], saved: str
) -> None:
    engine.had(before, tmp_path)
    engine.saved_meanwhile = {saved: "saved"}
    engine.deploy()
    assert not engine.is_deployed()
    engine.saved_meanwhile = {}
    engine.deploy()
    assert engine.brought[-1] == ({"sources": "code", "structure": "all"}[saved], NEW)
    assert engine.is_deployed()
