"""GraphiQL's files are the pinned ones, or none."""

import base64
import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from tidings_local.launcher.deploying import graphiql
from tidings_local.launcher.deploying.graphiql import fetch
from tidings_local.launcher.errors import LauncherError

CONTENT = b"export const page = 1;\n"
# Stands for npm: copies the packages that a test made into the folder in which it runs.
NPM = '#!/bin/sh\necho "$*" >> {packages}/calls\n{before}\ncp {packages}/*.tgz . && exit 0\n'


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    folder = tmp_path / "packages"
    folder.mkdir()
    return folder


@pytest.fixture
def gateway(tmp_path: Path) -> Path:
    folder = tmp_path / "gateway"
    folder.mkdir()
    digest = base64.b64encode(hashlib.sha384(CONTENT).digest()).decode()
    wanted = {"package": "graphiql@1.2.3", "path": "dist/page.js", "integrity": f"sha384-{digest}"}
    (folder / "graphiql.json").write_text(json.dumps({"page.js": wanted}))
    return folder


@pytest.fixture(autouse=True)
def npm(tmp_path: Path, packages: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "npm"
    write_npm(program, packages)
    monkeypatch.setattr("shutil.which", lambda _: str(program))
    return program


def write_npm(program: Path, packages: Path, before: str = "") -> None:
    program.write_text(NPM.format(packages=packages, before=before))
    program.chmod(0o755)


def a_package(folder: Path, path: str = "package/dist/page.js", content: bytes = CONTENT) -> None:
    with tarfile.open(folder / "graphiql-1.2.3.tgz", "w:gz") as package:
        entry = tarfile.TarInfo(path)
        entry.size = len(content)
        package.addfile(entry, io.BytesIO(content))


def test_pinned_file_is_fetched_once(gateway: Path, packages: Path) -> None:
    a_package(packages)
    for _ in range(2):
        fetch(gateway)
    assert (gateway / "vendor" / "page.js").read_bytes() == CONTENT
    (call,) = (packages / "calls").read_text().splitlines()
    assert call.startswith("pack graphiql@1.2.3 --ignore-scripts")


def test_files_of_another_version_are_removed(gateway: Path, packages: Path) -> None:
    a_package(packages)
    (gateway / "vendor").mkdir()
    (gateway / "vendor" / "old.js").write_text("old")
    fetch(gateway)
    assert [path.name for path in (gateway / "vendor").iterdir()] == ["page.js"]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("package/dist/page.js", b"steal();"),
        ("package/dist/page.js", b""),
        ("package/other.js", CONTENT),
        ("../../dist/page.js", CONTENT),
    ],
)
def test_any_other_file_is_refused_and_the_old_ones_stay(
    gateway: Path, packages: Path, path: str, content: bytes
) -> None:
    a_package(packages, path, content)
    (gateway / "vendor").mkdir()
    (gateway / "vendor" / "old.js").write_text("old")
    with pytest.raises(LauncherError, match=r"dist/page.js of graphiql@1.2.3 is not the file"):
        fetch(gateway)
    assert [path.name for path in (gateway / "vendor").iterdir()] == ["old.js"]


@pytest.mark.parametrize("broken", [b"", b"no archive"])
def test_archive_that_cannot_be_read_is_refused(
    gateway: Path, packages: Path, broken: bytes
) -> None:
    (packages / "graphiql-1.2.3.tgz").write_bytes(broken)
    with pytest.raises(LauncherError, match="is not the file"):
        fetch(gateway)


def test_missing_archive_is_refused(gateway: Path, packages: Path) -> None:
    (packages / "another-1.2.3.tgz").write_bytes(b"")
    with pytest.raises(LauncherError, match="is not the file"):
        fetch(gateway)


def test_without_npm_the_page_uses_its_cdn(
    gateway: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    fetch(gateway)
    assert "CDN" in capsys.readouterr().out
    assert not (gateway / "vendor").exists()


@pytest.mark.parametrize("before", ["exit 1", "sleep 60"], ids=["fails", "hangs"])
def test_without_a_network_the_page_uses_its_cdn(
    gateway: Path, npm: Path, packages: Path, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    monkeypatch.setattr(graphiql, "LIMIT_SECONDS", 0.5)
    write_npm(npm, packages, before)
    fetch(gateway)
    assert not (gateway / "vendor").exists()
