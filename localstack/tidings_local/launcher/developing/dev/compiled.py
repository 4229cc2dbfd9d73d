"""Compiled files that are never mistaken for those of another source.

Python knows an old compiled file by the time and the size of its source; the time counts whole
seconds. Somebody who saves twice in a second could run the first text. Compiled files with the
source's hash are exact.
"""

from __future__ import annotations

import importlib.util
import py_compile
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_MAGIC_AND_CHECKED_HASH = importlib.util.MAGIC_NUMBER + (3).to_bytes(4, "little")


@dataclass(frozen=True)
class Mistake:
    """Why a file does not compile."""

    file: Path
    line: int | None
    message: str
    text: str = ""
    """The line itself."""


def compile_all(files: Iterable[Path]) -> list[Mistake]:
    """Compile what is not compiled yet; return what is wrong with files that do not compile."""
    present = [each for each in files if each.suffix == ".py" and each.is_file()]
    return [mistake for file in present if (mistake := compile_one(file))]


def compile_one(file: Path) -> Mistake | None:
    """Compile a file beside itself; return what is wrong with it, if something is."""
    target = compiled_file(file)
    if _is_of(target, file):
        return None
    try:
        py_compile.compile(
            str(file),
            cfile=str(target),
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH,
        )
    except py_compile.PyCompileError as error:
        target.unlink(missing_ok=True)
        return _mistake(file, error.exc_value)
    except FileNotFoundError:  # it is gone again: editors save in steps
        return None
    return None


def compiled_file(file: Path) -> Path:
    """Return where functions look for it; this process may have been told another place."""
    return file.parent / "__pycache__" / f"{file.stem}.{sys.implementation.cache_tag}.pyc"


def _is_of(compiled: Path, source: Path) -> bool:
    try:
        head = compiled.read_bytes()[:16]
        return head == _MAGIC_AND_CHECKED_HASH + importlib.util.source_hash(source.read_bytes())
    except OSError:
        return False


def _mistake(file: Path, error: BaseException | str) -> Mistake:
    if isinstance(error, SyntaxError):
        return Mistake(file, error.lineno, error.msg, (error.text or "").strip())
    return Mistake(file, None, str(error))
