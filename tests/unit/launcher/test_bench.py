"""Benchmarks run one after the other; their tables are shown and kept."""

import sys
from pathlib import Path

import pytest

from tidings_local.launcher.developing import bench
from tidings_local.launcher.developing.bench import benchmarks, run_benchmarks
from tidings_local.launcher.errors import LauncherError

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


def test_all_are_run_and_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_benchmarks("", {})
    assert kept(folder) == {"fast": "| fast |\n", "slow": "| slow |\n"}
    shown = capsys.readouterr().out
    assert shown.index("| fast |") < shown.index("| slow |")


def test_one_is_asked_for(folder: Path) -> None:
    assert run_benchmarks("slow", {})
    assert set(kept(folder)) == {"slow"}


@pytest.mark.parametrize("name", ["nothing", "data", "slow.py", "../bench/slow"])
def test_one_that_is_not_there_is_told_with_those_that_are(folder: Path, name: str) -> None:
    with pytest.raises(LauncherError, match="there is no benchmark") as told:
        run_benchmarks(name, {})
    assert told.value.hint == "T=fast|slow"
    assert kept(folder) == {}


def test_one_that_fails_keeps_the_table_of_before(folder: Path) -> None:
    run_benchmarks("", {})
    (folder / "fast.py").write_text("print('half a table')\nraise SystemExit(1)\n")
    (folder / "slow.py").write_text("print('| new |')\n")
    assert not run_benchmarks("", {})
    assert kept(folder) == {"fast": "| fast |\n", "slow": "| new |\n"}


def test_they_are_told_where_a_stack_runs_and_nothing_of_the_shell(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDINGS_API_URL", "https://production")
    (folder / "slow.py").write_text(SAYS_WHERE)
    run_benchmarks("slow", {})
    assert kept(folder)["slow"] == "where None\n"
    run_benchmarks("slow", {"TIDINGS_API_URL": "https://localhost"})
    assert kept(folder)["slow"] == "where https://localhost\n"


def test_every_benchmark_of_ours_can_be_asked_for() -> None:
    names = benchmarks(None)
    assert names == sorted(names)
    assert [benchmarks(name) for name in names] == [[name] for name in names]
