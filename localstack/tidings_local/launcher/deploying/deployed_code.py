"""The code of all functions and of our layer: read from the working tree, and saved."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from pathlib import Path

from ..errors import LauncherError
from ..settings import ROOT
from .archives import LAYER_FOLDER, Archive, zipped
from .fingerprints import files_of
from .template import sources

FileMark = tuple[int, int]
"""Checksum and size of a file, from its archive."""
Names = dict[str, dict[str, str]]
"""The files of archives by the names of functions and of layers."""


@dataclass(frozen=True)
class Code:
    """Archives by the name of their function or layer."""

    functions: dict[str, Archive]
    layers: dict[str, Archive]


def working_tree(root: Path = ROOT, known: Code | None = None) -> Code:
    """Return the current code of the working tree.

    Args:
        root: the working tree.
        known: code that was checked before; the same code is not checked again.

    Raises:
        LauncherError: a Python file does not compile.
    """
    found = sources(root)
    functions = {folder: Archive(zipped(folder)) for folder in set(found.functions.values())}
    layers = {
        folder: Archive(zipped(folder, LAYER_FOLDER)) for folder in set(found.layers.values())
    }
    checked = _digests(known) if known else set()
    archives = functions | layers
    changed = (folder for folder, each in archives.items() if each.sha256 not in checked)
    check_syntax(changed, _files_of(known) if known else set())
    return Code(
        functions={name: functions[folder] for name, folder in found.functions.items()},
        layers={name: layers[folder] for name, folder in found.layers.items()},
    )


def _digests(code: Code) -> set[str]:
    return {each.sha256 for each in {*code.functions.values(), *code.layers.values()}}


def _files_of(code: Code) -> set[FileMark]:
    files: set[FileMark] = set()
    for archive in {*code.functions.values(), *code.layers.values()}:
        with zipfile.ZipFile(io.BytesIO(archive.content)) as opened:
            files |= {(each.CRC, each.file_size) for each in opened.infolist()}
    return files


def check_syntax(folders: Iterable[Path], checked: Set[FileMark] = frozenset()) -> None:
    """Refuse code that Python cannot compile, with the place of the error.

    Args:
        folders: the files in them are checked.
        checked: the marks of files that were checked before.

    Raises:
        LauncherError: a Python file does not compile.
    """
    for file in _python_files(folders):
        content = file.read_bytes()
        if (zlib.crc32(content), len(content)) in checked:
            continue
        try:
            compile(content, str(file), "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as mistake:
            line = getattr(mistake, "lineno", None)
            place = f"{file}:{line}" if line else str(file)
            raise LauncherError(
                f"{place}: {getattr(mistake, 'msg', mistake)}",
                hint="nothing was deployed, the old code runs",
            ) from None


def _python_files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in sorted(folders):
        yield from (file for file in sorted(files_of(folder)) if file.suffix == ".py")


def save(code: Code, folder: Path) -> Names:
    """Save archives in a folder beside those of other code; return their names for `load`."""
    folder.mkdir(parents=True, exist_ok=True)
    return {
        "functions": _store(code.functions, folder),
        "layers": _store(code.layers, folder),
    }


def load(names: Names, folder: Path) -> Code:
    """Return saved code.

    Raises:
        OSError: an archive is missing.
    """
    return Code(_read(names["functions"], folder), _read(names["layers"], folder))


def _store(archives: dict[str, Archive], folder: Path) -> dict[str, str]:
    names = {}
    for name, archive in archives.items():
        names[name] = f"{archive.sha256.translate(_FILE_NAME)}.zip"
        file = folder / names[name]
        if not file.is_file():
            draft = file.with_suffix(".draft")
            draft.write_bytes(archive.content)
            draft.replace(file)
    return names


def _read(names: dict[str, str], folder: Path) -> dict[str, Archive]:
    read: dict[str, Archive] = {}
    for file in set(names.values()):
        read[file] = Archive((folder / file).read_bytes())
    return {name: read[file] for name, file in names.items()}


_FILE_NAME = str.maketrans("/+=", "_-.")
