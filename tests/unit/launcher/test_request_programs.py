"""The programs of `make test-requests` are installed once for each set of versions."""

import os
from pathlib import Path

import pytest

from tidings_local.launcher.developing import request_programs
from tidings_local.launcher.developing.request_programs import install_request_programs
from tidings_local.launcher.errors import LauncherError


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a program in place of npm that notes its calls; `broken` beside it makes it fail."""
    program = tmp_path / "bin/npm"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n'
        f"test -e {tmp_path}/broken && {{ echo no network >&2; exit 1; }}\n"
        "mkdir node_modules\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(request_programs, "FOLDER", tmp_path / "state/npm")
    monkeypatch.setattr(request_programs, "WANTED", tmp_path / "package.json")
    (tmp_path / "package.json").write_text("{}")
    return tmp_path


def calls(npm: Path) -> int:
    file = npm / "calls"
    return len(file.read_text().splitlines()) if file.is_file() else 0


def test_same_versions_are_installed_once(npm: Path) -> None:
    for _ in range(2):
        install_request_programs()
    assert calls(npm) == 1
    assert "--ignore-scripts" in (npm / "calls").read_text()
    (npm / "package.json").write_text('{"dependencies": {}}')
    install_request_programs()
    assert calls(npm) == 2


def test_failed_installation_is_tried_again(npm: Path) -> None:
    (npm / "broken").touch()
    with pytest.raises(LauncherError, match="no network"):
        install_request_programs()
    (npm / "broken").unlink()
    install_request_programs()
    assert (npm / "state/npm/node_modules").is_dir()


def test_missing_npm_is_named(npm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(LauncherError, match="npm is missing"):
        install_request_programs()
