"""Tests of `make test`: the order of its steps, its exit status, and its last lines."""

import shlex
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import pytest

from tidings_local.launcher.developing import testing
from tidings_local.launcher.developing.testing import run_tests
from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.stack import Stack
from tidings_local.launcher.settings import Options, Settings

REPORT = (
    '<testsuites><testsuite><testcase classname="tests.{run}" name="test_{run}" time="{seconds}"/>'
    "</testsuite></testsuites>"
)


class House:
    """Replaces everything that `make test` starts, and records the order."""

    def __init__(self) -> None:
        self.happened: list[str] = []
        self.statuses: dict[str, int] = {}
        self.is_clean_code = True
        self.failure: LauncherError | None = None
        self.environments: list[dict[str, str]] = []
        self.first = "code"
        """The run that ends first."""

    def up(
        self,
        _stack: Stack,
        _settings: Settings,
        *,
        on_services: Callable[[Any], object] | None = None,
    ) -> Any:
        connections = SimpleNamespace(
            mongodb_uri="mongodb://one",
            redis_url="redis://one",
            cache_redis_url="redis://two",
            amqp_url="amqp://me:secret@one/",
        )
        members = SimpleNamespace(connections=connections)
        if on_services:
            on_services(members)
        if self.failure:
            raise self.failure
        self.happened.append("deployed")
        return members

    def lint(self) -> bool:
        return self.is_clean_code

    def stop(self, _stack: Stack) -> bool:
        self.happened.append("stopped")
        return True

    def start(
        self, arguments: list[str], environment: dict[str, str], log: Path | None = None
    ) -> "Run":
        self.environments.append(environment)
        if log:
            log.write_text(f"what the {log.stem.removeprefix('test-')} tests said")
        return Run(self, arguments)

    def start_launcher(self, command: str, said: dict[str, str], log: Path) -> "Run":
        assert (command, said["TIDINGS_STACK"]) == ("test", "test-faults")
        log.write_text("what the faults tests said")
        return Run(self, shlex.split(said["TIDINGS_ARG_PYTEST"]))


class Run:
    """A run of pytest, with the name of its report (`tests-code.xml`)."""

    def __init__(self, house: House, arguments: list[str]) -> None:
        self._house, self._name = house, "chosen"
        self._has_ended = False
        for each in arguments:
            if each.startswith("--junitxml="):
                report = Path(each.removeprefix("--junitxml="))
                self._name = report.stem.removeprefix("tests-")
                seconds = len(house.happened)
                report.write_text(REPORT.format(run=self._name, seconds=seconds))
        house.happened.append(f"{self._name} began")

    def wait(self) -> int:
        if not self._has_ended:
            self._house.happened.append(f"{self._name} ended")
        self._has_ended = True
        return self._house.statuses.get(self._name, 0)

    def has_ended(self) -> bool:
        if self._name == self._house.first:
            self.wait()
        return self._has_ended

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._has_ended:
            self._house.happened.append(f"{self._name} interrupted")


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    found = House()
    monkeypatch.setattr(testing, "install", lambda _: None)
    monkeypatch.setattr("bootstrap.ensure", lambda *_: None)
    monkeypatch.setattr(testing, "up", found.up)
    monkeypatch.setattr(testing, "lint", found.lint)
    monkeypatch.setattr(testing, "stop_all", found.stop)
    monkeypatch.setattr(testing, "pytest_run", found.start)
    monkeypatch.setattr(testing, "launcher_run", found.start_launcher)
    return found


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    found = Stack("test", tmp_path, Ports(41000))
    found.make_folders()
    return found


@pytest.mark.parametrize("first", ["code", "services", "faults"])
def test_first_tests_run_during_the_deployment(house: House, stack: Stack, first: str) -> None:
    house.first = first
    others = [f"{each} ended" for each in ("code", "services", "faults") if each != first]
    assert run_tests(stack, Settings(stack="test"), Options()) == 0
    assert house.happened == [
        *("stopped", "code began", "services began", "deployed", "faults began"),
        *(f"{first} ended", "deployed began"),
        *(*others, "deployed ended", "stopped"),
    ]


def test_part_of_the_tests_waits_for_the_deployment(house: House, stack: Stack) -> None:
    assert run_tests(stack, Settings(stack="test"), Options(t="tests/unit")) == 0
    assert house.happened == [
        *("stopped", "deployed", "chosen began", "chosen ended", "stopped"),
    ]


@pytest.mark.parametrize(
    "statuses",
    [
        *({"code": 1}, {"services": 1}, {"deployed": 1}, {"faults": 1}),
        {"code": 1, "services": 5},
    ],
)
def test_every_run_is_made_and_the_worst_status_counts(
    house: House, stack: Stack, statuses: dict[str, int]
) -> None:
    house.statuses = statuses
    assert run_tests(stack, Settings(stack="test"), Options()) == max(statuses.values())
    assert "faults ended" in house.happened


def test_lint_failure_fails_whatever_the_tests_return(house: House, stack: Stack) -> None:
    house.is_clean_code = False
    assert run_tests(stack, Settings(stack="test"), Options()) == 1


def test_part_of_the_tests_does_not_lint(house: House, stack: Stack) -> None:
    house.is_clean_code = False
    assert run_tests(stack, Settings(stack="test"), Options(t="tests/unit")) == 0


def test_failed_deployment_ends_the_running_tests_and_the_stack(house: House, stack: Stack) -> None:
    house.failure = LauncherError("the deployment failed")
    with pytest.raises(LauncherError, match="the deployment failed"):
        run_tests(stack, Settings(stack="test"), Options())
    assert house.happened == [
        *("stopped", "code began", "services began"),
        *("services interrupted", "code interrupted", "stopped"),
    ]


@pytest.mark.parametrize("name", ["code", "deployed", "faults"])
def test_output_of_runs_that_write_into_files_is_shown(
    house: House, stack: Stack, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    house.statuses = {name: 1}
    run_tests(stack, Settings(stack="test"), Options())
    assert f"what the {name} tests said" in capsys.readouterr().out.splitlines()


def test_slowest_tests_of_all_runs_are_shown_in_one_table(
    house: House, stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    run_tests(stack, Settings(stack="test"), Options())
    lines = capsys.readouterr().out.splitlines()
    at = lines.index("the tests that took longest:")
    assert [line.split()[-1] for line in lines[at + 1 : at + 5]] == [
        f"tests/{name}::test_{name}" for name in ("deployed", "faults", "services", "code")
    ]


def test_reports_of_an_earlier_run_are_not_shown_again(
    house: House, stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    run_tests(stack, Settings(stack="test"), Options())
    capsys.readouterr()
    house.failure = LauncherError("no")
    house.environments.clear()
    with pytest.raises(LauncherError):
        run_tests(stack, Settings(stack="test"), Options())
    assert sorted(path.name for path in stack.folder.glob("tests-*.xml")) == [
        "tests-code.xml",
        "tests-services.xml",
    ]


def test_tests_get_the_stacks_addresses_and_no_password_of_a_shell(
    house: House, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDINGS_ARG_PASSWORD", "typed")
    monkeypatch.setenv("AWS_PROFILE", "production")
    run_tests(stack, Settings(stack="test"), Options(minutes=3))
    for environment in house.environments:
        assert environment["TIDINGS_MONGODB_URI"] == "mongodb://one"
        assert environment["TIDINGS_RABBITMQ_API_URL"].startswith("http://me:secret@127.0.0.1:")
        assert environment["TIDINGS_SOAK_MINUTES"] == "3.0"
        assert "typed" not in environment.values()
        assert "AWS_PROFILE" not in environment
