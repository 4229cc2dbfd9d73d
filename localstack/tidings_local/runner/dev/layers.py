"""Folders of links that a function uses as /opt."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

PYTHON_FOLDER = "python"
PRELOAD_LIST = "preload.list"


def lay_over(deployed: Path, layers: Iterable[Path], target: Path) -> None:
    """Link a function's layers, with the packages of other layers over them."""
    python = target / PYTHON_FOLDER
    python.mkdir(parents=True, exist_ok=True)
    _link_all(deployed, target)
    _link_all(deployed / PYTHON_FOLDER, python)
    for layer in layers:
        _link_all(layer, python)


def lay_others(
    deployed: Path, layers: Iterable[Path], preload: Iterable[str], target: Path
) -> None:
    """Link a function's layers without hidden packages; return the modules to load from them."""
    lay_over(deployed, layers, target)
    python = target / PYTHON_FOLDER
    for layer in layers:
        for entry in layer.iterdir():
            (python / entry.name).unlink(missing_ok=True)
    covered = (deployed / PYTHON_FOLDER / PRELOAD_LIST, *(each / PRELOAD_LIST for each in layers))
    listed = [line for path in covered if path.is_file() for line in path.read_text().splitlines()]
    own = {entry.stem for layer in layers for entry in layer.iterdir()}
    kept = [line for line in listed if line.partition(".")[0] not in own]
    (python / PRELOAD_LIST).write_text("\n".join([*kept, *preload]) + "\n")


def _link_all(source: Path, target: Path) -> None:
    for entry in source.iterdir() if source.is_dir() else ():
        link = target / entry.name
        if link.is_symlink():
            link.unlink()
        if not link.exists():  # `python` is a folder, not a link
            link.symlink_to(entry)
