import os
import subprocess
import sys
from pathlib import Path

import pytest

from tidings_local.launcher.developing.dev.compiled import compile_all, compile_one, compiled_file


def run(file: Path) -> str:
    """Import a module in a new process, and return its output."""
    command = [sys.executable, "-c", f"import {file.stem}"]
    environment = {name: value for name, value in os.environ.items() if name[:6] != "PYTHON"}
    done = subprocess.run(
        command, cwd=file.parent, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_second_text_of_the_same_second_and_size_runs(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    for text in ("one", "two"):
        file.write_text(f"print('{text}')\n")
        os.utime(file, (1_000_000_000, 1_000_000_000))
        assert compile_one(file) is None
        assert run(file) == text


def test_text_written_after_the_compilation_runs(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    for text in ("one", "two"):
        file.write_text(f"print('{text}')\n")
        os.utime(file, (1_000_000_000, 1_000_000_000))
        if text == "one":
            compile_one(file)
    assert run(file) == "two"


def test_compiled_file_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text("x = 1\n")
    compile_one(file)
    before = compiled_file(file).stat().st_mtime_ns
    assert compile_one(file) is None
    assert compiled_file(file).stat().st_mtime_ns == before


def test_syntax_error_is_reported_with_its_place_and_removes_the_old_code(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text("x = 1\n")
    compile_one(file)
    file.write_text("x = 1\ndef (:\n")
    (mistake,) = compile_all([file])
    assert (mistake.file, mistake.line, mistake.text) == (file, 2, "def (:")
    assert mistake.message == "invalid syntax"
    assert not compiled_file(file).exists()


def test_file_with_null_bytes_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_bytes(b"x = 1\0")
    assert len(compile_all([file])) == 1


def test_other_and_removed_files_are_ignored(tmp_path: Path) -> None:
    (tmp_path / "schema.graphql").write_text("type Query")
    assert compile_all([tmp_path / "schema.graphql", tmp_path / "gone.py"]) == []


def test_another_folder_for_compiled_files_is_for_this_process_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", "/elsewhere")
    file = tmp_path / "module.py"
    file.write_text("x = 1\n")
    compile_one(file)
    assert list((tmp_path / "__pycache__").iterdir()) == [compiled_file(file)]
