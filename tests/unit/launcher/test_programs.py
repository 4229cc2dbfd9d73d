"""Tests of the handling of missing programs."""

import pytest

from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.running import programs
from tidings_local.launcher.running.programs import Program

ABSENT = Program("tidings-absent", "absent-server", "absent")
SHELL = Program("sh", "dash", "dash")


def test_installed_programs_need_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_apt_install", lambda packages: pytest.fail("installed"))
    programs.check([SHELL])
    programs.install_missing([SHELL])


def test_without_apt_or_root_the_error_names_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_can_use_apt", lambda: False)
    with pytest.raises(LauncherError) as refused:
        programs.check([SHELL, ABSENT])
    (told,) = refused.value.lines()
    for remedy in ("apt-get install absent-server", "brew install absent", "ENGINE=docker"):
        assert remedy in told
    assert "dash" not in told


def test_with_apt_and_root_only_missing_programs_are_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed: list[str] = []
    monkeypatch.setattr(programs, "_can_use_apt", lambda: True)
    monkeypatch.setattr(programs, "_apt_install", installed.extend)
    programs.check([ABSENT])
    with pytest.raises(LauncherError, match="tidings-absent missing"):
        programs.install_missing([SHELL, ABSENT])
    assert installed == ["absent-server"]
