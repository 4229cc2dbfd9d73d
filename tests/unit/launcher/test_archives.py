"""Folders as zip archives."""

import base64
import hashlib
import io
import os
import zipfile
from pathlib import Path

from tidings_local.launcher.deploying.archives import Archive, zipped


def folder_with_a_file(place: Path) -> Path:
    place.mkdir()
    (place / "a.py").write_text("1")
    return place


def names(content: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.namelist()


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    folder = folder_with_a_file(tmp_path / "code")
    before = zipped(folder)
    os.utime(folder / "a.py", (1, 1))
    assert zipped(folder) == before


def test_a_zip_holds_the_files_with_their_modes(tmp_path: Path) -> None:
    folder = folder_with_a_file(tmp_path / "code")
    (folder / "a.py").chmod(0o755)
    with zipfile.ZipFile(io.BytesIO(zipped(folder))) as archive:
        assert archive.read("a.py") == b"1"
        assert archive.getinfo("a.py").external_attr >> 16 == 0o755


def test_what_python_compiled_is_left_out(tmp_path: Path) -> None:
    folder = folder_with_a_file(tmp_path / "code")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "a.pyc").write_text("1")
    assert names(zipped(folder)) == ["a.py"]


def test_a_clone_below_a_folder_that_tools_make_is_deployed_whole(tmp_path: Path) -> None:
    (tmp_path / "node_modules").mkdir()
    folder = folder_with_a_file(tmp_path / "node_modules" / "code")
    assert names(zipped(folder)) == ["a.py"]


def test_the_files_of_a_layer_lie_where_lambda_looks_for_them(tmp_path: Path) -> None:
    folder = folder_with_a_file(tmp_path / "layer")
    assert names(zipped(folder, "python/")) == ["python/a.py"]


def test_the_digest_is_the_one_that_lambda_tells() -> None:
    expected = base64.b64encode(hashlib.sha256(b"zip").digest()).decode()
    assert Archive(b"zip").sha256 == expected
