"""Benchmarks run one after another; their tables are printed and saved."""

import sys
from pathlib import Path

import pytest

from tidings_local.launcher.developing import bench
from tidings_local.launcher.developing.bench import (
    benchmarks,
    compare_benchmarks,
    run_benchmarks,
)
from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.settings import Settings

SAYS_WHERE = "import os\nprint('where', os.environ.get('TIDINGS_API_URL'))\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone with two benchmarks."""
    found = tmp_path / "tests" / "bench"
    (found / "data").mkdir(parents=True)
    (found / "slow.py").write_text("print('| slow |')\n")
    (found / "fast.py").write_text("print('| fast |')\n")
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    monkeypatch.setattr(bench, "BENCHMARKS", found)
    monkeypatch.setattr(bench, "TABLES", tmp_path / "tables")
    monkeypatch.setattr("bootstrap.python_of", lambda _: Path(sys.executable))
    return found


def kept(folder: Path) -> dict[str, str]:
    tables = folder.parents[1] / "tables"
    return {path.stem: path.read_text() for path in tables.glob("*.md")}


def test_all_are_run_and_saved(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_benchmarks("", {})
    assert kept(folder) == {"fast": "| fast |\n", "slow": "| slow |\n"}
    shown = capsys.readouterr().out
    assert shown.index("| fast |") < shown.index("| slow |")


def test_one_can_be_chosen(folder: Path) -> None:
    assert run_benchmarks("slow", {})
    assert set(kept(folder)) == {"slow"}


@pytest.mark.parametrize("name", ["nothing", "data", "slow.py", "../bench/slow"])
def test_unknown_benchmark_is_refused_with_the_list_of_all(folder: Path, name: str) -> None:
    with pytest.raises(LauncherError, match="there is no benchmark") as told:
        run_benchmarks(name, {})
    assert told.value.hint == "T=fast|slow"
    assert kept(folder) == {}


def test_failed_benchmark_keeps_the_previous_table(folder: Path) -> None:
    run_benchmarks("", {})
    (folder / "fast.py").write_text("print('half a table')\nraise SystemExit(1)\n")
    (folder / "slow.py").write_text("print('| new |')\n")
    assert not run_benchmarks("", {})
    assert kept(folder) == {"fast": "| fast |\n", "slow": "| new |\n"}


def test_benchmarks_get_the_stacks_addresses_and_no_shell_variables(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDINGS_API_URL", "https://production")
    (folder / "slow.py").write_text(SAYS_WHERE)
    run_benchmarks("slow", {})
    assert kept(folder)["slow"] == "where None\n"
    run_benchmarks("slow", {"TIDINGS_API_URL": "https://localhost"})
    assert kept(folder)["slow"] == "where https://localhost\n"


def test_answers_are_compared_without_a_second_stack(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def starts(*_: object) -> None:
        raise AssertionError("it starts a second stack")

    monkeypatch.setattr(bench, "other_version", starts)
    (folder / "answers.py").write_text("import os\nprint(os.environ['TIDINGS_BENCH_REF'])\n")
    settings = Settings.model_construct()
    assert compare_benchmarks("answers", {}, "main~3", settings)
    assert kept(folder) == {"answers": "main~3\n"}


def test_every_benchmark_can_be_chosen() -> None:
    names = benchmarks(None)
    assert names == sorted(names)
    assert [benchmarks(name) for name in names] == [[name] for name in names]
