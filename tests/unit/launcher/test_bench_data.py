"""`make bench T=recommendations DATA=file` gives the benchmark its file, or says why not."""

from pathlib import Path

import pytest

from tidings_local.launcher.developing.bench_data import data_of
from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.settings import ROOT, Options


def options(**said: str) -> Options:
    return Options.model_validate({"t": "recommendations", **said})


def test_without_data_the_benchmark_gets_nothing() -> None:
    assert data_of(options()) == {}


def test_benchmark_gets_the_file_and_the_python_of_the_library(tmp_path: Path) -> None:
    file = tmp_path / "baskets.csv"
    file.touch()
    found = data_of(options(data=str(file)))
    assert found["TIDINGS_BENCH_DATA"] == str(file)
    assert Path(found["TIDINGS_BENCH_PYTHON"]).parts[-3:] == ("bench", "bin", "python")


def test_relative_path_is_one_of_the_clone() -> None:
    assert data_of(options(data="README.md"))["TIDINGS_BENCH_DATA"] == str(ROOT / "README.md")


@pytest.mark.parametrize(
    ("name", "problem"), [("none.csv", "No such file"), (".", "Is a directory")]
)
def test_unreadable_file_is_refused_with_its_path(tmp_path: Path, name: str, problem: str) -> None:
    with pytest.raises(LauncherError, match=problem) as told:
        data_of(options(data=str(tmp_path / name)))
    assert str(tmp_path / name) in str(told.value)
    assert told.value.hint


@pytest.mark.parametrize("said", [{"t": ""}, {"t": "http"}, {"compare": "main"}])
def test_data_is_refused_where_it_has_no_meaning(said: dict[str, str]) -> None:
    with pytest.raises(LauncherError, match="DATA"):
        data_of(options(data="README.md", **said))
