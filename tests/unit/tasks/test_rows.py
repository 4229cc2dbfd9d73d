"""Tests of reading files of tasks, row by row."""

from pathlib import Path
from typing import Any

import pytest

from tidings.tasks.errors import BadTaskFile
from tidings.tasks.rows import CSV, JSON_LINES, MAX_LINE_CHARACTERS, BrokenRow, TaskFile, read_rows

# Files that other programs wrote.
CASES = Path(__file__).parents[2] / "cases"


def rows_of(content: str, media_type: str = CSV) -> dict[int, Any]:
    """Return for each row number its values, or the reason why it is broken."""
    file = TaskFile(media_type=media_type, content=content)
    return {
        number: (values.column, values.reason) if isinstance(values, BrokenRow) else values
        for number, _, values in read_rows(file)
    }


def lines_of(*lines: str) -> dict[int, Any]:
    return rows_of("\n".join(lines), JSON_LINES)


# -------------------------------------------------------------------------- csv


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old mac"])
def test_rows_are_numbered_as_in_a_spreadsheet(newline: str) -> None:
    content = newline.join(["title,priority", "Ink,high", "Paper,low", ""])
    assert rows_of(content) == {
        2: {"title": "Ink", "priority": "high"},
        3: {"title": "Paper", "priority": "low"},
    }


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiter_is_that_of_the_header(delimiter: str) -> None:
    content = f"title{delimiter}state\nInk{delimiter}done"
    assert rows_of(content) == {2: {"title": "Ink", "state": "done"}}


def test_quoted_cells_hold_commas_quotes_and_lines() -> None:
    content = 'title,description\r\n"Ink, ""blue""","one\r\ntwo"\r\nPaper,x\r\n'
    assert rows_of(content) == {
        2: {"title": 'Ink, "blue"', "description": "one\r\ntwo"},
        3: {"title": "Paper", "description": "x"},
    }


def test_names_of_columns_are_read_in_any_case() -> None:
    assert rows_of(" Title ,STATE\nInk,done") == {2: {"title": "Ink", "state": "done"}}


def test_empty_cell_sets_nothing() -> None:
    assert rows_of("title,due_at,state\nInk, ,") == {2: {"title": "Ink"}}


def test_empty_rows_are_ignored_and_counted() -> None:
    assert rows_of("\n\ntitle,state\n\n,\nInk,done\n\n") == {6: {"title": "Ink", "state": "done"}}


def test_labels_are_separated_by_semicolons() -> None:
    assert rows_of("title,labels\nInk,red; blue;;") == {
        2: {"title": "Ink", "labels": ["red", " blue"]}
    }


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (
            "Ink,done,more",
            "it has 3 cells, the header 2; put a cell that holds the separator in quotes",
        ),
        ('"Ink"x,done', "its quotes do not match; within quotes, write a quote twice"),
        ("I\0nk,done", "it has NUL characters; save the file as UTF-8 text"),
    ],
)
def test_only_the_broken_row_is_named(row: str, reason: str) -> None:
    assert rows_of(f"title,state\nA,done\n{row}\nB,done") == {
        2: {"title": "A", "state": "done"},
        3: (None, reason),
        4: {"title": "B", "state": "done"},
    }


def test_short_row_sets_no_further_field() -> None:
    assert rows_of("title,state,labels\nInk\nPens,done") == {
        2: {"title": "Ink"},
        3: {"title": "Pens", "state": "done"},
    }


def test_unclosed_quote_breaks_its_row() -> None:
    assert rows_of('title\nA\n"B\nC\n') == {
        2: {"title": "A"},
        3: (None, "a quote is opened and not closed (lines 3 to 4 are not read)"),
    }


@pytest.mark.parametrize("name", ["10a-tasks-blank-columns.csv", "10c-tasks-sep-line.csv"])
def test_file_of_excel_is_read(name: str) -> None:
    file = TaskFile.read((CASES / name).read_bytes(), CSV)
    assert [row.values for row in read_rows(file)] == [{"title": "Buy ink", "description": "blue"}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize(
    ("media_type", "content"),
    [(CSV, "title;\r\nGröße;\r\n"), (JSON_LINES, '{"title": "Größe"}')],
)
def test_every_encoding_with_a_mark_is_read_alike(
    encoding: str, media_type: str, content: str
) -> None:
    plain, marked = (
        TaskFile.read(content.encode(each), media_type) for each in ("utf-8", encoding)
    )
    assert plain == marked


def test_line_is_counted_as_in_the_file_and_row_as_in_a_spreadsheet() -> None:
    content = 'sep=;\ntitle;description\nA;"one\ntwo"\nB;\n'
    file = TaskFile(media_type=CSV, content=content)
    assert [(row.number, row.line) for row in read_rows(file)] == [(2, 3), (3, 5)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old mac"])
def test_json_lines_may_have_any_line_end(end: str) -> None:
    assert rows_of(end.join(['{"title": "A"}', "", '{"title": "B"}']), JSON_LINES) == {
        1: {"title": "A"},
        3: {"title": "B"},
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "The file is empty."),
        ("\r\n\n", "The file is empty."),
        ("state\ndone", "The column title is missing. The header has: state."),
        ("title,title\na,b", "The header names the column title twice."),
        ("title,Title\na,b", "The header names the column title twice."),
        ("title,owner_id\na,b", 'There is no column "owner_id". The columns are: title, '),
        ("title|state\na|b", 'There is no column "title|state".'),
        ('title,"x\na,b', "The header (line 1) cannot be read: a quote is opened"),
        ("x" * 1000, f'There is no column "{"x" * 39}…".'),
        ("🇩🇪" * 50, f'There is no column "{"🇩🇪" * 19}…".'),
        ("x" * 38 + "e\u0327\u0301" * 9, f'There is no column "{"x" * 38}…".'),
        ("title\x00\na", "The header (line 1) cannot be read: it has NUL characters"),
        ("sep=x\ntitle\na", "Line 1 (sep='x') names a separator"),
        ("sep=;\n", "The file is empty."),
    ],
)
def test_invalid_header_refuses_the_file(content: str, message: str) -> None:
    with pytest.raises(BadTaskFile) as refused:
        rows_of(content)
    assert refused.value.message.startswith(message)
    assert refused.value.field == "file"


def test_header_alone_has_no_rows() -> None:
    assert rows_of("title,state\n") == {}


# ------------------------------------------------------------------- json lines


def test_each_line_is_an_object() -> None:
    assert lines_of('{"title": "Ink"}', "", '{"title": "Größe", "labels": ["a"]}\r') == {
        1: {"title": "Ink"},
        3: {"title": "Größe", "labels": ["a"]},
    }


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("{", None, "this line is not JSON"),
        ('{"title": "a"} {}', None, "this line is not JSON"),
        ("[" * 50_000, None, "this line is not JSON"),
        ('{"title":' * 5_000, None, "this line is not JSON"),
        ('{"title": ' + "9" * 5_000 + "}", None, "this line is not JSON"),
        ("[]", None, "this line is not a JSON object"),
        ("7", None, "this line is not a JSON object"),
        ("null", None, "this line is not a JSON object"),
        ('"title"', None, "this line is not a JSON object"),
        ('{"title": "a", "title": "b"}', "title", "this name occurs twice"),
        ('{"title": {"a": 1, "a": 2}}', "a", "this name occurs twice"),
        ('{"title": "a", "owner_id": "b"}', "owner_id", "there is no such column"),
        ('{"title": "a", "$where": "b"}', "$where", "there is no such column"),
        ('{"\\ud800": "a"}', "?", "there is no such column"),
        ('{"' + "x" * 100 + '": 1}', "x" * 40, "there is no such column"),
        (
            '{"title": "' + "x" * MAX_LINE_CHARACTERS + '"}',
            None,
            f"this line has more than {MAX_LINE_CHARACTERS} characters",
        ),
    ],
    ids=lambda value: str(value)[:20],
)
def test_only_the_broken_line_is_named(line: str, column: str | None, reason: str) -> None:
    good = '{"title": "Ink"}'
    assert lines_of(good, line, good) == {
        1: {"title": "Ink"},
        2: (column, reason),
        3: {"title": "Ink"},
    }


@pytest.mark.parametrize("content", ["", "\n", " \r\n\t\n"])
def test_empty_file_is_refused(content: str) -> None:
    with pytest.raises(BadTaskFile):
        rows_of(content, JSON_LINES)
