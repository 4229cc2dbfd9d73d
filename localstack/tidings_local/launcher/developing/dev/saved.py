"""Map a saved file to the functions that run it, or to a needed deployment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ...deploying.template import Sources

NO_CODE = ("__pycache__",)
TEMPLATE = "template.yaml"
DEPENDENCIES = "layers/dependencies"


@dataclass(frozen=True)
class Saved:
    files: list[Path] = field(default_factory=list)
    """Files of functions and layers, also removed ones."""
    folders: set[Path] = field(default_factory=set)
    """Their function folders and layers."""
    for_deployment: list[str] = field(default_factory=list)
    """Files that need `make deploy`, by their path in the clone."""


def saved(paths: Iterable[Path], sources: Sources, root: Path) -> Saved:
    """Sort changed paths by their effect."""
    found = Saved()
    for path in sorted(set(paths)):
        if set(NO_CODE) & set(path.relative_to(root).parts) or path.is_dir():
            continue
        folder = _folder_of(path, sources)
        if folder is not None:
            found.files.append(path)
            found.folders.add(folder)
        elif _is_for_deployment(path.relative_to(root)):
            found.for_deployment.append(str(path.relative_to(root)))
    return found


def _folder_of(path: Path, sources: Sources) -> Path | None:
    folders = {*sources.functions.values(), *sources.layers.values()}
    return next((each for each in path.parents if each in folders), None)


def _is_for_deployment(path: Path) -> bool:
    return path == Path(TEMPLATE) or path.is_relative_to(DEPENDENCIES)
