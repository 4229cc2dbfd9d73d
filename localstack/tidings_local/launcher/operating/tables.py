"""A table in a file on this machine. The application reads it; this says how far it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tidings.platform.inputs.tables import NotATable, Table, TableRow
from tidings.platform.inputs.text_files import NotText, open_text

from ..errors import LauncherError


class FileTable:
    """An open table. Only as much of it as one row needs is in memory."""

    def __init__(self, raw: BinaryIO, path: Path) -> None:
        self._raw, self._path = raw, path
        self.size_bytes = path.stat().st_size
        with _named(path):
            # Kept: who lets go of it closes the file.
            self._text = open_text(raw)
            self._table = Table(self._text)
        self.columns = self._table.columns

    @property
    def read_bytes(self) -> int:
        return self._raw.tell()

    def rows(self) -> Iterator[TableRow]:
        """Yield every row that is not empty; one that cannot be read has a problem.

        Raises:
            LauncherError: the file cannot be read from here on.
        """
        with _named(self._path):
            yield from self._table.rows()


def open_table(path: Path) -> FileTable:
    """Open a file to be read to its end.

    Raises:
        LauncherError: it is not there, has no header, or is no text.
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
