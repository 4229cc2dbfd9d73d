"""`make lint` runs every check, shows the failures, and fails if a check does."""

from pathlib import Path

import pytest

from tidings_local.launcher.developing import lint as linting
from tidings_local.launcher.developing.lint import lint

TOOLS = (
    *("dev/bin/ruff", "dev/bin/mypy", "dev/bin/lint-imports", "sam/bin/sam"),
    *("sam/bin/cfn-lint", "workflows/bin/zizmor", "docs/bin/mkdocs"),
    *("workflows/bin/hadolint", "workflows/bin/check-jsonschema"),
)
CHECKS = {
    *("ruff format", "ruff check", "mypy", "import-linter"),
    *("sam validate", "cfn-lint", "zizmor", "links of docs", "hadolint", "compose schema"),
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a clone in which every tool succeeds."""
    monkeypatch.setattr(linting, "ROOT", tmp_path)
    monkeypatch.setattr("bootstrap.VENVS", tmp_path / "venvs")
    for name in TOOLS:
        tool(tmp_path, name, "exit 0")
    (tmp_path / "template.yaml").write_text("Resources: {}\n")
    (tmp_path / "infra" / "aws").mkdir(parents=True)
    (tmp_path / "infra" / "aws" / "services.yaml").write_text("Resources: {}\n")
    return tmp_path


def tool(root: Path, name: str, script: str) -> None:
    program = root / "venvs" / name
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f'#!/bin/sh\necho "{name} $*" >> "{root}/called"\n{script}\n')
    program.chmod(0o755)


def called(root: Path) -> str:
    return (root / "called").read_text()


def checks_told(text: str, outcome: str) -> set[str]:
    return {check for check in CHECKS if f"{check}: {outcome}" in text}


def test_all_checks_are_listed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lint()
    assert checks_told(capsys.readouterr().out, "ok") == CHECKS


@pytest.mark.parametrize("broken", TOOLS)
def test_one_failure_fails_it_and_the_other_checks_run(
    root: Path, capsys: pytest.CaptureFixture[str], broken: str
) -> None:
    tool(root, broken, "echo found here; echo and there >&2; exit 1")
    assert not lint()
    told = capsys.readouterr().out
    assert "found here" in told
    assert "and there" in told
    failed = checks_told(told, "failed")
    assert failed
    assert checks_told(told, "ok") == CHECKS - failed


@pytest.mark.parametrize(
    ("template", "check"),
    [("template.yaml", "sam validate"), ("infra/aws/services.yaml", "cfn-lint")],
)
def test_no_template_is_no_failure(
    root: Path, capsys: pytest.CaptureFixture[str], template: str, check: str
) -> None:
    (root / template).unlink()
    assert lint()
    assert checks_told(capsys.readouterr().out, "ok") == CHECKS - {check}


def test_types_are_checked_where_there_is_code(root: Path) -> None:
    (root / "gateway").mkdir()
    lint()
    (mypy,) = (line for line in called(root).splitlines() if line.startswith("dev/bin/mypy"))
    assert mypy.split()[3:] == ["gateway", "infra"]


def test_checks_find_our_modules_and_ignore_the_shells_path(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere/else")
    tool(root, "dev/bin/lint-imports", f'echo "$PYTHONPATH" > "{root}/path"')
    lint()
    assert (root / "path").read_text() == f"{root}/layers/tidings:{root}/localstack\n"


def test_nothing_is_read_from_the_terminal(root: Path) -> None:
    tool(root, "dev/bin/ruff", "read answer && exit 1; exit 0")
    assert lint()
