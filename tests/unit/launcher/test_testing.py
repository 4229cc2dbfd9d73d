"""Tests of the choice of tests for a target."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import bootstrap
from tests.waiting import eventually
from tidings_local.launcher.developing import child
from tidings_local.launcher.developing.child import Child, launcher_run, pytest_run
from tidings_local.launcher.developing.plan import (
    CODE,
    FUZZ,
    SERVICES,
    SOAK,
    all_tests,
    chosen,
    chosen_tests,
)
from tidings_local.launcher.developing.testing import check_folder
from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.settings import Options


def test_last_run_has_the_tests_of_no_other() -> None:
    runs = all_tests()
    assert set(CODE) < set(runs.code)
    assert set(SERVICES) < set(runs.services)
    assert ["-n" in run for run in runs] == [False, True, True, False]
    elsewhere = {each for run in runs[:3] for each in run if each.startswith("tests/")}
    assert {each for each in runs.faults if each.startswith("--ignore")} == {
        f"--ignore={each}" for each in elsewhere
    }


# ---------------------------------------------------------------------- a run of pytest


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Restore the handling of SIGINT: a shell that runs the tests in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def python_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], list[str]]:
    """Return a function that replaces pytest with a script, and returns the arguments of a run."""

    def arguments(script: str) -> list[str]:
        (tmp_path / "pytest.py").write_text(script)
        return []

    monkeypatch.setattr(bootstrap, "python_of", lambda _: Path(sys.executable))
    monkeypatch.setattr(child, "ROOT", tmp_path)
    return arguments


def test_run_gives_the_exit_status_of_pytest(python_says: Callable[[str], list[str]]) -> None:
    with pytest_run(python_says("raise SystemExit(3)"), {}) as run:
        assert run.wait() == 3


def test_run_writes_into_a_file(python_says: Callable[[str], list[str]], tmp_path: Path) -> None:
    log = tmp_path / "log"
    with pytest_run(python_says("print('passed', flush=True); print(1 / 0)"), {}, log) as run:
        assert run.wait() == 1
    assert log.read_text().startswith("passed")
    assert "ZeroDivisionError" in log.read_text()


def fail_beside(run: Child, ready: Path) -> None:
    with run:
        eventually(ready.exists)
        raise LauncherError("the deployment failed")


LISTENS = """
import pathlib, time
try:
    pathlib.Path("ready").touch()
    for _ in range(600):  # a signal right before a sleep is handled after it
        time.sleep(0.1)
except KeyboardInterrupt:
    pathlib.Path("found").write_text("so far")
"""


@pytest.mark.usefixtures("interruptible")
def test_run_is_interrupted_when_the_stack_fails(
    python_says: Callable[[str], list[str]], tmp_path: Path
) -> None:
    run = pytest_run(python_says(LISTENS), {})
    with pytest.raises(LauncherError):
        fail_beside(run, tmp_path / "ready")
    assert (tmp_path / "found").read_text() == "so far"
    assert run.wait() == 0


def test_run_that_ignores_the_signal_is_killed(
    python_says: Callable[[str], list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "INTERRUPTED_SECONDS", 0.2)
    deaf = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n" + LISTENS
    run = pytest_run(python_says(deaf), {})
    with pytest.raises(LauncherError):
        fail_beside(run, tmp_path / "ready")
    assert run.wait() == -signal.SIGKILL


def test_another_launcher_gets_its_arguments_and_writes_into_a_file(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with launcher_run("nonsense", {"PYTHONPATH": os.pathsep.join(sys.path)}, log) as run:
        assert run.wait() == 2
    assert log.read_text().startswith("commands: ")


# ------------------------------------------------------------------- selection of tests


def test_part_of_the_tests_is_one_run() -> None:
    assert chosen_tests(Options(t="tests/unit", pytest="-k name")) == ["-k", "name", "tests/unit"]


def test_target_has_its_own_tests() -> None:
    assert chosen_tests(chosen(Options(), SOAK)) == [
        "-m",
        "soak",
        "-s",
        "tests/faults/test_soak.py",
    ]


def test_given_tests_replace_a_targets_own() -> None:
    options = chosen(Options(t="tests/unit", minutes=3), SOAK)
    assert (options.t, options.pytest, options.minutes) == ("tests/unit", "-m soak -s", 3)
    assert chosen(Options(pytest="-x"), FUZZ).pytest == "-x"


@pytest.mark.parametrize("name", ["t", "pytest"])
def test_unbalanced_quotation_mark_is_named(name: str) -> None:
    with pytest.raises(LauncherError, match=f"{name.upper()} is not usable"):
        chosen_tests(Options.model_validate({name: "it's"}))


def test_tests_are_refused_where_python_would_not_find_their_modules() -> None:
    check_folder(Path("/home/ada/my shop"))
    with pytest.raises(LauncherError, match="':' in its path"):
        check_folder(Path("/home/ada/shop:2"))
