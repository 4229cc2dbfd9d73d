"""A CSV file, row by row: its encoding, its delimiter, and rows that cannot be read."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from .errors import LauncherError

DELIMITERS = ",;\t"
# Every bounded cell fits many times; a quote that is never closed ends here.
MAX_CELL_CHARACTERS = 128 * 1024
MAX_LINE_CHARACTERS = 1024 * 1024
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@dataclass(frozen=True)
class Row:
    """`number` counts as a spreadsheet does: the header is row 1."""

    number: int
    cells: list[str]
    problem: str = ""


class Table:
    """An open CSV file (RFC 4180). Only as much of it as one row needs is in memory."""

    def __init__(self, raw: BinaryIO, path: Path) -> None:
        self._raw, self._path = raw, path
        self.size_bytes = path.stat().st_size
        self._text = io.TextIOWrapper(raw, _encoding(raw), newline="")
        header = self._line()
        csv.field_size_limit(MAX_CELL_CHARACTERS)
        self._rows = csv.reader(self._lines(header), delimiter=_delimiter(header), strict=True)
        first = self._next(1)
        if not header.strip() or first is None or first.problem:
            raise LauncherError(f"{path} does not begin with the names of its columns")
        self.columns = first.cells

    @property
    def read_bytes(self) -> int:
        return self._raw.tell()

    def rows(self) -> Iterator[Row]:
        """Every row that is not empty; one that is no CSV has a problem and no cells.

        Raises:
            LauncherError: the file is not in its encoding from here on.
        """
        number = 2
        while (row := self._next(number)) is not None:
            if row.problem or any(cell.strip() for cell in row.cells):
                yield row
            number += 1

    def _next(self, number: int) -> Row | None:
        try:
            cells = next(self._rows, None)
        except csv.Error as error:  # the reader goes on with the next line
            return Row(number, [], f"is no CSV: {error}")
        return None if cells is None else Row(number, cells)

    def _lines(self, first: str) -> Iterator[str]:
        yield first
        while line := self._line():
            yield line

    def _line(self) -> str:
        try:
            line = self._text.readline(MAX_LINE_CHARACTERS)
        except UnicodeError:
            hint = "save it as UTF-8"
            raise LauncherError(f"{self._path} has bytes that are no text", hint=hint) from None
        if len(line) == MAX_LINE_CHARACTERS:
            raise LauncherError(f"{self._path} has a line of over {MAX_LINE_CHARACTERS} characters")
        return line


def open_table(path: Path) -> Table:
    """Open a file to be read to its end.

    Raises:
        LauncherError: it is not there, has no header, or is no text.
    """
    try:
        return Table(path.open("rb"), path)
    except OSError as error:
        raise LauncherError(f"{path} cannot be read", hint=error.strerror or "") from None


def _encoding(raw: BinaryIO) -> str:
    start = raw.read(4)
    raw.seek(0)
    found = [name for mark, name in BYTE_ORDER_MARKS.items() if start.startswith(mark)]
    return found[0] if found else "utf-8"


def _delimiter(header: str) -> str:
    """The one that the header has most of; names of columns have none of them."""
    return max(DELIMITERS, key=header.count)
