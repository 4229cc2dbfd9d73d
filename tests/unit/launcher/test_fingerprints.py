"""Tests of the changes that make a build or an installed environment outdated."""

from pathlib import Path

import pytest

import bootstrap
from tidings_local.launcher.deploying.fingerprints import fingerprint


@pytest.fixture
def code(tmp_path: Path) -> Path:
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "a.py").write_text("1")
    return tmp_path


def of(code: Path) -> str:
    return fingerprint([code / "functions", code / "absent"], root=code)


def test_unchanged_code_has_the_same_fingerprint(code: Path) -> None:
    assert of(code) == of(code)


def test_changed_content_changes_the_fingerprint(code: Path) -> None:
    before = of(code)
    (code / "functions" / "a.py").write_text("2")
    assert of(code) != before


def test_new_name_changes_the_fingerprint(code: Path) -> None:
    before = of(code)
    (code / "functions" / "a.py").rename(code / "functions" / "b.py")
    assert of(code) != before


def test_compiled_files_do_not_count(code: Path) -> None:
    before = of(code)
    (code / "functions" / "__pycache__").mkdir()
    (code / "functions" / "__pycache__" / "a.pyc").write_text("x")
    assert of(code) == before


@pytest.fixture
def requirements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(bootstrap, "REQUIREMENTS", tmp_path)
    monkeypatch.setattr(bootstrap, "VENVS", tmp_path / "venvs")
    (tmp_path / "sam.txt").write_text("aws-sam-cli==1\n")
    return tmp_path


def installed(requirements: Path, stamp: str) -> None:
    binary = requirements / "venvs" / "sam" / "bin"
    binary.mkdir(parents=True)
    (binary / "python").touch()
    (binary.parent / ".installed").write_text(stamp)


def test_installed_set_is_left_alone(requirements: Path) -> None:
    installed(requirements, bootstrap.fingerprint("sam"))
    assert bootstrap.outdated(["sam"]) == []


def test_a_set_with_changed_requirements_is_outdated(requirements: Path) -> None:
    installed(requirements, bootstrap.fingerprint("sam"))
    (requirements / "sam.txt").write_text("aws-sam-cli==2\n")
    assert bootstrap.outdated(["sam"]) == ["sam"]


def test_an_interrupted_install_is_outdated(requirements: Path) -> None:
    (requirements / "venvs" / "sam" / "bin").mkdir(parents=True)
    assert bootstrap.outdated(["sam"]) == ["sam"]


def test_a_moved_clone_is_outdated(
    requirements: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    installed(requirements, bootstrap.fingerprint("sam"))
    (tmp_path / "venvs").rename(tmp_path / "moved")
    monkeypatch.setattr(bootstrap, "VENVS", tmp_path / "moved")
    assert bootstrap.outdated(["sam"]) == ["sam"]


def test_uv_uses_the_settings_of_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    assert bootstrap.uv_environment()["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"


def test_no_requirements_file_names_a_registry() -> None:
    for file in sorted((Path(bootstrap.__file__).parent / "requirements").glob("*.txt")):
        assert "://" not in file.read_text(), file.name
