"""Tests of zip archives made from folders."""

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


def test_compiled_files_are_left_out(tmp_path: Path) -> None:
    folder = folder_with_a_file(tmp_path / "code")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "a.pyc").write_text("1")
    assert names(zipped(folder)) == ["a.py"]
    assert names(zipped(folder, compiled=True)) == ["__pycache__/a.pyc", "a.py"]


def test_build_step_is_no_part_of_a_package(tmp_path: Path) -> None:
    folder = folder_with_a_file(tmp_path / "code")
    (folder / "Makefile").write_text("build-Code:")
    assert names(zipped(folder)) == ["a.py"]


def test_clone_below_an_ignored_folder_is_deployed_whole(tmp_path: Path) -> None:
    (tmp_path / "node_modules").mkdir()
    folder = folder_with_a_file(tmp_path / "node_modules" / "code")
    assert names(zipped(folder)) == ["a.py"]


def test_files_of_a_layer_are_in_the_folder_that_lambda_reads(tmp_path: Path) -> None:
    folder = folder_with_a_file(tmp_path / "layer")
    assert names(zipped(folder, "python/")) == ["python/a.py"]


def test_digest_equals_the_one_of_lambda() -> None:
    expected = base64.b64encode(hashlib.sha256(b"zip").digest()).decode()
    assert Archive(b"zip").sha256 == expected
