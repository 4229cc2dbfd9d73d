"""Table files on this machine. The application reads them; this module tracks the progress."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tidings.platform.inputs.tables import NotATable, Table, TableRow
from tidings.platform.inputs.text_files import NotText, open_text

from ..errors import LauncherError


class FileTable:
    """An open table, of which only one row is in memory."""

    def __init__(self, raw: BinaryIO, path: Path) -> None:
        self._raw, self._path = raw, path
        self.size_bytes = path.stat().st_size
        with _named(path):
            # Kept, because garbage collection would close the file.
            self._text = open_text(raw)
            self._table = Table(self._text)
        self.columns = self._table.columns

    @property
    def read_bytes(self) -> int:
        return self._raw.tell()

    def rows(self) -> Iterator[TableRow]:
        """Yield every row that is not empty; an unreadable one has a problem.

        Raises:
            LauncherError: the file cannot be read from here on.
        """
        with _named(self._path):
            yield from self._table.rows()


def open_table(path: Path) -> FileTable:
    """Open a file to read it to its end.

    Raises:
        LauncherError: it is missing, has no header, or is not text.
    """
    try:
        return FileTable(path.open("rb"), path)
    except OSError as error:
        raise LauncherError(f"{path} cannot be read", hint=error.strerror or "") from None


@contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except (NotATable, NotText) as refused:
        raise LauncherError(f"{path} cannot be read", hint=str(refused)) from None
