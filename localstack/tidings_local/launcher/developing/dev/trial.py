"""Import a saved file without a call, so that an import error is shown before the next call."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import bootstrap

from ...deploying.template import Sources

LIMIT_SECONDS = 30
_PROGRAM = """
import importlib, sys, traceback
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except BaseException as error:
        at = error.__traceback__
        while at and at.tb_frame.f_globals["__name__"] in ("__main__", "importlib"):
            at = at.tb_next
        while at and "importlib" in at.tb_frame.f_code.co_filename:
            at = at.tb_next
        sys.exit("".join(traceback.format_exception(type(error), error, at)))
"""


@dataclass(frozen=True)
class Trial:
    """Modules that can be imported together."""

    folder: Path
    modules: tuple[str, ...]

    def error(self, layers: Iterable[Path]) -> str | None:
        """Import the modules as a function would; return the traceback of a failure."""
        paths = [str(each / "python") for each in layers]
        python = str(bootstrap.python_of("runtime"))
        try:
            done = subprocess.run(
                [python, "-c", _PROGRAM, *self.modules],
                cwd=self.folder,
                env={"PYTHONPATH": os.pathsep.join(paths), "LANG": "C.UTF-8", "TZ": ":UTC"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                timeout=LIMIT_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return f"the import did not end in {LIMIT_SECONDS} s"
        return done.stderr if done.returncode else None


def trials(files: Iterable[Path], sources: Sources) -> list[Trial]:
    """Return the imports to try after these files were saved."""
    found: dict[Path, list[str]] = {}
    folders = sorted({*sources.functions.values(), *sources.layers.values()})
    for file in files:
        folder = next((each for each in folders if file.is_relative_to(each)), None)
        if folder and file.suffix == ".py" and file.is_file():
            found.setdefault(folder, []).append(_module(file.relative_to(folder)))
    return [Trial(folder, tuple(names)) for folder, names in found.items()]


def _module(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
