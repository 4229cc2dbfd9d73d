"""Find the third-party modules that our layers import, which the runner loads only once."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from ...deploying.fingerprints import files_of


def foreign_modules(layers: Iterable[Path]) -> tuple[str, ...]:
    """Return the imported modules that are neither in the layers nor in Python itself."""
    folders = list(layers)
    own = {entry.stem for folder in folders for entry in folder.iterdir()}
    known = own | sys.stdlib_module_names
    files = (file for folder in folders for file in files_of(folder) if file.suffix == ".py")
    imported = {name for file in files for name in _imported(file)}
    return tuple(sorted(name for name in imported if name.partition(".")[0] not in known))


def _imported(file: Path) -> Iterator[str]:
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):  # reported elsewhere
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
