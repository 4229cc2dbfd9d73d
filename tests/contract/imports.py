"""Find the direct and indirect imports of a function's code by reading the files."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from tests.contract.project import ROOT, Function, parsed

# Modules that are imported at first use are named in a text, some with a name in them.
OUR_NAME: Final = re.compile(r"(tidings|resolvers)(\.\w+)+")
FOLDERS: Final = (
    *(ROOT / "layers/tidings", ROOT / "gateway"),
    *(ROOT / "functions/console", ROOT / "functions"),
)


def names_reached_from(function: Function) -> frozenset[str]:
    """Return every module that a function's code imports, and every name imported from it."""
    reached: set[str] = set()
    waiting = [function.file]
    seen: set[Path] = set()
    while waiting:
        file = waiting.pop()
        if file in seen:
            continue
        seen.add(file)
        names = _imported(file)
        reached |= names
        waiting += [found for name in names if (found := file_of(name))]
    return frozenset(reached)


@cache
def _imported(file: Path) -> frozenset[str]:
    return frozenset(_names_in(parsed(file)))


def _names_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (each.name for each in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield module
                yield from (f"{module}.{each.name}" for each in names)
            case ast.Constant(value=str(text)) if OUR_NAME.fullmatch(text):
                yield from (text, text.rpartition(".")[0])


@cache
def file_of(name: str) -> Path | None:
    """Return the file of a module of ours."""
    for folder in FOLDERS:
        place = folder / name.replace(".", "/")
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if file.is_file():
                return file
    return None
