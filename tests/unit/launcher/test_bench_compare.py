"""`make bench COMPARE=` runs another commit's stack with this version's measures."""

import subprocess
from pathlib import Path

import pytest

from tidings_local.launcher.developing import bench, bench_compare
from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.settings import Settings

MAKEFILE = """
up down:
\t@echo $@ $$TIDINGS_STACK $$TIDINGS_PORT_BASE $$TIDINGS_ARG_COMPARE >> ../calls
bench:
\t@mkdir -p .tidings/bench; cat tests/bench/speed.py code > .tidings/bench/$(T).md
"""
TABLE = "| what | figure |\n|---|---|\n| code | {} |\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose first commit has slower code and older measures."""
    root = tmp_path / "root"
    (root / "tests" / "bench").mkdir(parents=True)
    (root / "Makefile").write_text(MAKEFILE)
    (root / "tests" / "bench" / "speed.py").write_text("an old measure\n")
    (root / "code").write_text(TABLE.format(2))
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "slow"], ["tag", "slow"]):
        subprocess.run(["git", *IDENTITY, *arguments], cwd=root, check=True)
    (root / "tests" / "bench" / "speed.py").write_text("\n")
    (root / "code").write_text(TABLE.format(1))
    monkeypatch.setattr(bench_compare, "ROOT", root)
    monkeypatch.setattr(bench_compare, "STATE", tmp_path)
    monkeypatch.setattr(bench, "BENCHMARKS", root / "tests" / "bench")
    monkeypatch.setattr(bench, "TABLES", tmp_path)
    monkeypatch.setattr(bench, "_run", lambda *_: TABLE.format(1))
    return root


IDENTITY = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]


def test_both_versions_are_shown(
    repository: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TIDINGS_ARG_COMPARE", "slow")
    assert bench.compare_benchmarks("speed", {}, "slow", Settings(port_base=7000))
    assert "| code | 2 -> 1 (x 0.50) |" in capsys.readouterr().out
    assert "x 0.50" in (tmp_path / "speed.compared.md").read_text()
    assert (tmp_path / "calls").read_text() == "up compared 10000\ndown compared 10000\n"
    assert not (tmp_path / "compared").exists()


def test_other_stack_is_stopped_after_a_failure(repository: Path, tmp_path: Path) -> None:
    makefile = (repository / "Makefile").read_text().replace("@mkdir", "@exit 1; mkdir")
    (repository / "Makefile").write_text(makefile)
    subprocess.run(["git", *IDENTITY, "commit", "-qam", "broken"], cwd=repository, check=True)
    with pytest.raises(LauncherError, match=r"`make bench T=speed` failed in .*compared"):
        bench.compare_benchmarks("speed", {}, "HEAD", Settings(port_base=7000))
    assert (tmp_path / "calls").read_text().splitlines()[-1] == "down compared 10000"


@pytest.mark.parametrize("ref", ["nothing", "--help", "HEAD:code"])
def test_unknown_version_is_refused(repository: Path, ref: str) -> None:
    with pytest.raises(LauncherError, match="cannot use version"):
        bench.compare_benchmarks("speed", {}, ref, Settings())
