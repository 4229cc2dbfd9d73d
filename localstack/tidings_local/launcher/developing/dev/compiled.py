"""Compile files so that a compiled file always belongs to its current source.

Python recognises an outdated compiled file by the time of its source in whole seconds, and by its
size. After two saves within a second it could run the first text. Compiled files with the source's
hash are exact.
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
    """The reason why a file does not compile."""

    file: Path
    line: int | None
    message: str
    text: str = ""
    """The line itself."""


def compile_all(files: Iterable[Path]) -> list[Mistake]:
    """Compile outdated files; return the errors of files that do not compile."""
    present = [each for each in files if each.suffix == ".py" and each.is_file()]
    return [mistake for file in present if (mistake := compile_one(file))]


def compile_one(file: Path) -> Mistake | None:
    """Compile a file; return its error, if it has one."""
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
    except FileNotFoundError:  # removed meanwhile: editors save in steps
        return None
    return None


def compiled_file(file: Path) -> Path:
    """Return the path that functions read, even if this process uses another folder."""
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
