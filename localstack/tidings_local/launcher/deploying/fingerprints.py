"""Detect changes of files since something was made from them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

COMPILED_FOLDER = "__pycache__"
IGNORED_FOLDERS = {COMPILED_FOLDER, ".mypy_cache", ".ruff_cache", ".pytest_cache", "node_modules"}


def fingerprint(paths: Iterable[Path], *, root: Path) -> str:
    """Return one hash over names and contents of files and of all files in folders."""
    digest = hashlib.sha256()
    for file in sorted(_files(paths)):
        digest.update(f"{file.relative_to(root)}\0{file.stat().st_mode & 0o111}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_file():
            yield path
        elif path.is_dir():
            yield from files_of(path)


def files_of(folder: Path, *, compiled: bool = False) -> Iterator[Path]:
    """Yield the files in a folder, without those that tools create, except `compiled` ones."""
    ignored = IGNORED_FOLDERS - ({COMPILED_FOLDER} if compiled else set())
    for path in folder.rglob("*"):
        if path.is_file() and not ignored.intersection(path.relative_to(folder).parts):
            yield path
