"""Read files of tasks row by row (CSV or JSON lines); a broken row does not affect others."""

import io
import json
from collections.abc import Iterator
from typing import Any, ClassVar, Final, NamedTuple

from tidings.platform.inputs.files import FileBody
from tidings.platform.inputs.tables import NotATable, Table, TableRow
from tidings.platform.text.cuts import cut
from tidings.platform.text.excerpts import MAX_QUOTED_CHARACTERS, quoted
from tidings.tasks.errors import BadTaskFile
from tidings.tasks.schemas import CreateTask

CSV: Final = "text/csv"
JSON_LINES: Final = "application/x-ndjson"
LABEL_SEPARATOR: Final = ";"
# Longer than the longest possible task with every character escaped.
MAX_LINE_CHARACTERS: Final = 64 * 1024

COLUMNS: Final = tuple(CreateTask.model_fields)


class TaskFile(FileBody):
    """Tasks as CSV with a header (`title` and any of the other columns) or as JSON lines."""

    media_types: ClassVar[tuple[str, ...]] = (CSV, JSON_LINES)
    max_bytes: ClassVar[int] = 5 * 1024 * 1024


class BrokenRow(Exception):
    """A row that cannot be read; `column` if it is known."""

    def __init__(self, reason: str, column: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.column = column


class Row(NamedTuple):
    """A row's number as in a spreadsheet, its line in the file, and its values by column."""

    number: int
    line: int
    values: dict[str, Any] | BrokenRow


def read_rows(file: TaskFile) -> Iterator[Row]:
    """Yield the rows of a file that are not empty.

    Raises:
        BadTaskFile: the header is missing or has an unknown column, or the file cannot be read to
            its end.
    """
    return _table_rows(file.content) if file.media_type == CSV else _json_rows(file.content)


def _table_rows(content: str) -> Iterator[Row]:
    try:
        table = Table(io.StringIO(content, newline=""))
        names = _checked_columns(table.columns)
        for row in table.rows():
            yield Row(row.number, row.line, _values(names, row))
    except NotATable as refused:
        raise BadTaskFile(str(refused)) from None


def _checked_columns(columns: list[str]) -> list[str]:
    names = [column.lower() for column in columns]
    for column, name in zip(columns, names, strict=True):
        if name not in COLUMNS:
            raise BadTaskFile(
                f"There is no column {quoted(column)}. The columns are: {', '.join(COLUMNS)}."
            )
        if names.count(name) > 1:
            raise BadTaskFile(f"The header names the column {name} twice.")
    if "title" not in names:
        raise BadTaskFile(f"The column title is missing. The header has: {', '.join(names)}.")
    return names


def _values(names: list[str], row: TableRow) -> dict[str, Any] | BrokenRow:
    """Return the values in a row; an empty or missing cell has no value."""
    if row.problem:
        return BrokenRow(row.problem)
    values: dict[str, Any] = {
        name: cell if name == "description" else cell.strip()
        for name, cell in zip(names, row.cells, strict=False)
        if cell.strip()
    }
    if "labels" in values:
        labels = values["labels"].split(LABEL_SEPARATOR)
        values["labels"] = [label for label in labels if label.strip()]
    return values


def _json_rows(content: str) -> Iterator[Row]:
    empty = True
    for number, line in enumerate(io.StringIO(content, newline=""), start=1):
        if line.strip():
            empty = False
            yield Row(number, number, _object(line))
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
        return BrokenRow("this line is not a JSON object")
    unknown = next((name for name in value if name not in COLUMNS), None)
    return value if unknown is None else BrokenRow("there is no such column", _short(unknown))


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in values:
            raise BrokenRow("this name occurs twice", _short(name))
        values[name] = value
    return values


def _short(name: str) -> str:
    """Return a name from outside, short and without broken characters."""
    return cut(name, MAX_QUOTED_CHARACTERS).encode(errors="replace").decode()
