"""The list of services is made once, by another process, and exists at each start."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.localstack_plugin.stand_ins import Shelf

Bring = Callable[[], None]


@pytest.fixture
def bring(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bring:
    from localstack.utils import files

    from localstack import config

    dirs = SimpleNamespace(static_libs=str(tmp_path / "usr" / "lib"))
    monkeypatch.setattr(config, "dirs", dirs, raising=False)
    monkeypatch.setattr(files, "get_user_cache_dir", lambda: tmp_path / "cache", raising=False)
    from tidings_local.localstack_plugin.service_catalog import bring_service_catalog

    return bring_service_catalog


def makes(content: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Replace the other process by one that writes a list; return the commands that were run."""
    commands: list[list[str]] = []

    def run(command: list[str], **_: Any) -> SimpleNamespace:
        commands.append(command)
        (folder / "catalog.dill").write_text(content)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(subprocess, "run", run)
    return commands


def test_the_list_is_made_once_for_all_stacks(
    bring: Bring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = tmp_path / "usr" / "lib" / "catalog.dill"
    commands = makes("made", wanted.parent, monkeypatch)
    bring()
    assert wanted.read_text() == "made"
    wanted.unlink()  # another stack
    bring()
    assert wanted.read_text() == "made"
    assert [command[-1] for command in commands] == ["localstack.aws.spec"]


def test_existing_list_is_kept(
    bring: Bring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = tmp_path / "usr" / "lib" / "catalog.dill"
    wanted.parent.mkdir(parents=True)
    wanted.write_text("there")
    assert makes("made", wanted.parent, monkeypatch) == []
    bring()
    assert wanted.read_text() == "there"


def test_list_that_cannot_be_made_is_left_to_localstack(
    bring: Bring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=1))
    bring()
    assert not (tmp_path / "cache").exists()
