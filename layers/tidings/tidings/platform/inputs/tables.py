"""Read CSV files of any delimiter and line ending.

Excel, LibreOffice and others write empty rows, columns without a name, rows that end early, and a
first line such as `sep=;`. This module reads all of these for all domains. It uses only the
standard library, because the launcher reads files with it, too.
"""

import csv
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, TextIO

DELIMITERS: Final = (",", ";", "\t")
# A `sep=` line can also name this one, which otherwise separates entries within a cell.
NAMED_DELIMITERS: Final = (*DELIMITERS, "|")
SEPARATOR_LINE: Final = re.compile(r'"?sep=([^"\r\n]?)"?[,;\t|]*', re.IGNORECASE)
BLANK_LINE: Final = re.compile(r"[\s,;|\ufeff]*")
QUOTED: Final = re.compile(r'"[^"]*"?')
# The limit of Python's reader: a quote that is never closed must not fill the memory.
MAX_CELL_CHARACTERS: Final = 128 * 1024
MAX_LINE_CHARACTERS: Final = 1024 * 1024
CELL_TOO_LONG: Final = "field larger than field limit"
NEVER_CLOSED: Final = "unexpected end of data"


class NotATable(Exception):
    """The file has no header or cannot be read further; the message is for the file's author."""


@dataclass(frozen=True)
class TableRow:
    """A row that is not empty.

    Attributes:
        number: as a spreadsheet counts; the header is row 1 if no empty rows come before it.
        line: the file's line where the row begins, as an editor counts.
        cells: one for each named column; a row that ends early has fewer.
        problem: the reason why the row cannot be read; `cells` is empty then.
    """

    number: int
    line: int
    cells: list[str] = field(default_factory=list)
    problem: str = ""


class Table:
    """A table that is read row by row, so that only one row is in memory.

    Attributes:
        columns: the names in the header, trimmed and without invisible characters. Columns without
            a name are left out and must be empty.
    """

    def __init__(self, text: TextIO) -> None:
        """Read the header.

        Raises:
            NotATable: there is no header, or it cannot be read.
        """
        self._lines = self._read(text)
        self._line = ""
        self._lines_before = 0
        self._number = 0
        first = self._first_line()
        delimiter = self._named_delimiter(first)
        if delimiter:
            first = self._first_line()
        self._reader = csv.reader(
            chain([first], self._lines),
            delimiter=delimiter or _delimiter_of(first),
            skipinitialspace=True,  # otherwise the quotes of `1, "two"` would be part of the cell
            strict=True,
        )
        header = self._header()
        self._width = len(header)
        self._named = [place for place, name in enumerate(header) if name]
        self.columns = [header[place] for place in self._named]

    def rows(self) -> Iterator[TableRow]:
        """Yield every row that is not empty.

        Raises:
            NotATable: the file cannot be read from here on.
        """
        while (row := self._next()) is not None:
            if row.problem:
                yield row
            elif any(cell.strip() for cell in row.cells):
                yield self._fitted(row)

    def _read(self, text: TextIO) -> Iterator[str]:
        number = 0
        while line := text.readline(MAX_LINE_CHARACTERS):
            number += 1
            if len(line) == MAX_LINE_CHARACTERS:
                raise NotATable(f"Line {number} has {MAX_LINE_CHARACTERS:,} characters or more.")
            self._line = line
            yield line

    def _first_line(self) -> str:
        """Return the next line that is not empty, without a byte order mark."""
        for line in self._lines:
            if not BLANK_LINE.fullmatch(line):
                return line.lstrip("\ufeff")
            self._lines_before += 1
            self._number += 1
        raise NotATable("The file is empty.")

    def _named_delimiter(self, line: str) -> str | None:
        """Return the separator that a line like `sep=;` names; spreadsheets do not show that line.

        Raises:
            NotATable: the line names an unknown separator.
        """
        named = SEPARATOR_LINE.fullmatch(line.rstrip("\r\n"))
        if named is None:
            return None
        if named[1] not in NAMED_DELIMITERS:
            raise NotATable(
                f"Line {self._lines_before + 1} (sep={named[1]!r}) names a separator "
                'that is not supported. Use a comma, a semicolon, a tab or "|".'
            )
        self._lines_before += 1
        return named[1]

    def _header(self) -> list[str]:
        while (row := self._next()) is not None:
            if row.problem:
                raise NotATable(f"The header (line {row.line}) cannot be read: {row.problem}.")
            names = [_name(cell) for cell in row.cells]
            if any(names):
                return names
        raise NotATable("The file is empty.")

    def _next(self) -> TableRow | None:
        self._number += 1
        line = self._lines_before + self._reader.line_num + 1
        try:
            cells = next(self._reader, None)
        except csv.Error as error:  # the reader continues with the next line
            return TableRow(self._number, line, problem=self._problem(str(error), line))
        if cells is None:
            return None
        if any("\0" in cell for cell in cells):
            reason = "it has NUL characters; save the file as UTF-8 text"
            return TableRow(self._number, line, problem=reason)
        return TableRow(self._number, line, cells)

    def _problem(self, reason: str, line: int) -> str:
        too_long = reason.startswith(CELL_TOO_LONG)
        if too_long and (
            self._lines_before + self._reader.line_num > line or self._line.count('"') % 2
        ):
            self._leave_the_rest()
        last = self._lines_before + self._reader.line_num
        unread = f" (lines {line} to {last} are not read)" if last > line else ""
        if too_long:
            limit = f"{MAX_CELL_CHARACTERS:,}"
            return f"a cell has over {limit} characters, or its quote is not closed{unread}"
        if reason.startswith(NEVER_CLOSED):
            return f"a quote is opened and not closed{unread}"
        return f"its quotes do not match; within quotes, write a quote twice{unread}"

    def _leave_the_rest(self) -> None:
        """Read no further: the remaining lines may be the text of one cell."""
        self._lines_before += sum(1 for _ in self._lines)

    def _fitted(self, row: TableRow) -> TableRow:
        """Return the cells of the named columns; cells of other columns must be empty."""
        named = set(self._named)
        for place, cell in enumerate(row.cells):
            if place not in named and cell.strip():
                return TableRow(row.number, row.line, problem=self._misplaced(place, row.cells))
        cells = [row.cells[place] for place in self._named if place < len(row.cells)]
        return TableRow(row.number, row.line, cells)

    def _misplaced(self, place: int, cells: list[str]) -> str:
        if place < self._width:
            return f"cell {place + 1} is filled, but the header names no column {place + 1}"
        return (
            f"it has {len(cells)} cells, the header {self._width}; "
            "put a cell that holds the separator in quotes"
        )


def _name(cell: str) -> str:
    """Return a column's name without invisible characters and extra blanks."""
    visible = (c for c in unicodedata.normalize("NFKC", cell) if unicodedata.category(c) != "Cf")
    return " ".join("".join(visible).split())


def _delimiter_of(header: str) -> str:
    """Return the delimiter that occurs most often in the header, outside quotes."""
    return max(DELIMITERS, key=QUOTED.sub("", header).count)
