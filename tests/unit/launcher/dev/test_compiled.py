import os
import subprocess
import sys
from pathlib import Path

import pytest

from tidings_local.launcher.developing.dev.compiled import compile_all, compile_one, compiled_file


def run(file: Path) -> str:
    """Import a module in a process of its own; return what it prints."""
    command = [sys.executable, "-c", f"import {file.stem}"]
    environment = {name: value for name, value in os.environ.items() if name[:6] != "PYTHON"}
    done = subprocess.run(
        command, cwd=file.parent, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_second_text_of_the_same_second_and_size_runs(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    for text in ("one", "two"):
        file.write_text(f"print('{text}')\n")
        os.utime(file, (1_000_000_000, 1_000_000_000))
        assert compile_one(file) is None
        assert run(file) == text


def test_a_text_that_came_after_the_compiling_runs(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    for text in ("one", "two"):
        file.write_text(f"print('{text}')\n")
        os.utime(file, (1_000_000_000, 1_000_000_000))
        if text == "one":
            compile_one(file)
    assert run(file) == "two"


def test_what_is_compiled_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text("x = 1\n")
    compile_one(file)
    before = compiled_file(file).stat().st_mtime_ns
    assert compile_one(file) is None
    assert compiled_file(file).stat().st_mtime_ns == before


def test_a_mistake_is_told_with_its_place_and_nothing_old_is_left(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text("x = 1\n")
    compile_one(file)
    file.write_text("x = 1\ndef (:\n")
    (mistake,) = compile_all([file])
    assert (mistake.file, mistake.line, mistake.text) == (file, 2, "def (:")
    assert mistake.message == "invalid syntax"
    assert not compiled_file(file).exists()


def test_a_file_with_zeros_is_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_bytes(b"x = 1\0")
    assert len(compile_all([file])) == 1


def test_other_files_and_those_that_are_gone_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "schema.graphql").write_text("type Query")
    assert compile_all([tmp_path / "schema.graphql", tmp_path / "gone.py"]) == []


def test_another_place_for_compiled_files_is_for_this_process_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", "/elsewhere")
    file = tmp_path / "module.py"
    file.write_text("x = 1\n")
    compile_one(file)
    assert list((tmp_path / "__pycache__").iterdir()) == [compiled_file(file)]
