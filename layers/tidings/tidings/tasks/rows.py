"""Files of tasks: CSV (RFC 4180) or JSON lines, row by row; a broken row harms no other."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any, ClassVar, Final, NamedTuple

from tidings.platform.files import FileBody
from tidings.tasks.errors import BadTaskFile
from tidings.tasks.schemas import CreateTask

CSV: Final = "text/csv"
JSON_LINES: Final = "application/x-ndjson"
DELIMITERS: Final = (",", ";", "\t")
LABEL_SEPARATOR: Final = ";"
MAX_NAME_CHARACTERS: Final = 40
# More than the longest task that can be, with every character escaped.
MAX_LINE_CHARACTERS: Final = 64 * 1024

COLUMNS: Final = tuple(CreateTask.model_fields)


class TaskFile(FileBody):
    """Tasks as CSV with a header (`title` and any other of the columns) or as JSON lines."""

    media_types: ClassVar[tuple[str, ...]] = (CSV, JSON_LINES)
    max_bytes: ClassVar[int] = 5 * 1024 * 1024


class BrokenRow(Exception):
    """A row that cannot be read; `column` where it is known."""

    def __init__(self, reason: str, column: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.column = column


class Row(NamedTuple):
    """A row's number as a spreadsheet or an editor shows it, and its values by column."""

    number: int
    values: dict[str, Any] | BrokenRow


def read_rows(file: TaskFile) -> Iterator[Row]:
    """Yield the rows of a file; empty ones are left out.

    Raises:
        BadTaskFile: the header of a CSV file is missing, or names what is no column.
    """
    return _csv_rows(file.content) if file.media_type == CSV else _json_rows(file.content)


def _csv_rows(content: str) -> Iterator[Row]:
    header, records = None, _records(content)
    for number, cells in records:
        if not cells:
            continue
        if header is None:
            header = _header(cells)
        elif isinstance(cells, BrokenRow):
            yield Row(number, cells)
        elif any(cell.strip() for cell in cells):
            yield Row(number, _values(header, cells))
    if header is None:
        raise BadTaskFile("The file is empty.")


def _records(content: str) -> Iterator[tuple[int, list[str] | BrokenRow]]:
    first_line = content.lstrip("\r\n").partition("\n")[0]
    delimiter = max(DELIMITERS, key=first_line.count)
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            yield number, next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield number, BrokenRow("the quotes of this row do not match")


def _header(cells: list[str] | BrokenRow) -> list[str]:
    if isinstance(cells, BrokenRow):
        raise BadTaskFile("The header cannot be read: its quotes do not match.")
    names = [cell.strip().lower() for cell in cells]
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        raise BadTaskFile(
            f"There is no column {_shown(unknown[0])}. The columns are: {', '.join(COLUMNS)}."
        )
    if len(set(names)) < len(names):
        raise BadTaskFile("The header names a column twice.")
    if "title" not in names:
        raise BadTaskFile("The column title is missing.")
    return names


def _values(header: list[str], cells: list[str]) -> dict[str, Any] | BrokenRow:
    """Return what a record says; an empty cell says nothing."""
    if len(cells) != len(header):
        return BrokenRow(f"this row has {len(cells)} cells, the header {len(header)}")
    values: dict[str, Any] = {n: c for n, c in zip(header, cells, strict=True) if c.strip()}
    if "labels" in values:
        labels = values["labels"].split(LABEL_SEPARATOR)
        values["labels"] = [label for label in labels if label.strip()]
    return values


def _json_rows(content: str) -> Iterator[Row]:
    empty = True
    for number, line in enumerate(io.StringIO(content), start=1):
        if line.strip():
            empty = False
            yield Row(number, _object(line))
    if empty:
        raise BadTaskFile("The file is empty.")


def _object(line: str) -> dict[str, Any] | BrokenRow:
    if len(line) > MAX_LINE_CHARACTERS:
        return BrokenRow(f"this line has more than {MAX_LINE_CHARACTERS} characters")
    try:
        value = json.loads(line, object_pairs_hook=_each_name_once)
    except BrokenRow as broken:
        return broken
    except (ValueError, RecursionError):
        return BrokenRow("this line is not JSON")
    if not isinstance(value, dict):
        return BrokenRow("this line is no JSON object")
    unknown = next((name for name in value if name not in COLUMNS), None)
    return value if unknown is None else BrokenRow("there is no such column", _shown(unknown))


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in values:
            raise BrokenRow("this name is there twice", _shown(name))
        values[name] = value
    return values


def _shown(name: str) -> str:
    """Return a name from outside as it can be shown: short, and without broken characters."""
    return name[:MAX_NAME_CHARACTERS].encode(errors="replace").decode()
