"""Programs in strings, which tests write to files or run, import existing names."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from tests.contract.project import ROOT, parsed

FOLDERS: Final = (ROOT / "layers/tidings", ROOT / "localstack")
IMPORT: Final = re.compile(r"^\s*from (tidings(?:_local)?\.[\w.]+) import (\w+(?:, \w+)*)", re.M)


class Told(NamedTuple):
    """One name that a string imports."""

    file: str
    module: str
    name: str


def told() -> Iterator[Told]:
    for folder in ("tests", "localstack"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(parsed(file)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    for module, names in IMPORT.findall(node.value):
                        for name in names.split(", "):
                            yield Told(str(file.relative_to(ROOT)), module, name)


def file_of(module: str) -> Path | None:
    for folder in FOLDERS:
        place = folder / module.replace(".", "/")
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if file.is_file():
                return file
    return None


def is_there(each: Told) -> bool:
    file = file_of(each.module)
    if file is None:
        return False
    in_it = re.search(rf"\b{each.name}\b", file.read_text())
    return bool(in_it or file_of(f"{each.module}.{each.name}"))


def test_names_imported_in_strings_exist() -> None:
    found = list(told())
    assert len(found) > 10
    assert [each for each in found if not is_there(each)] == []
