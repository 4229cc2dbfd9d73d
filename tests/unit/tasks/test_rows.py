"""Files of tasks, row by row."""

from typing import Any

import pytest

from tidings.tasks.errors import BadTaskFile
from tidings.tasks.rows import CSV, JSON_LINES, MAX_LINE_CHARACTERS, BrokenRow, TaskFile, read_rows


def rows_of(content: str, media_type: str = CSV) -> dict[int, Any]:
    """Return what each row says by its number: its values, or why it is broken."""
    file = TaskFile(media_type=media_type, content=content)
    return {
        number: (values.column, values.reason) if isinstance(values, BrokenRow) else values
        for number, values in read_rows(file)
    }


def lines_of(*lines: str) -> dict[int, Any]:
    return rows_of("\n".join(lines), JSON_LINES)


# -------------------------------------------------------------------------- csv


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old mac"])
def test_rows_are_numbered_as_a_spreadsheet_shows_them(newline: str) -> None:
    content = newline.join(["title,priority", "Ink,high", "Paper,low", ""])
    assert rows_of(content) == {
        2: {"title": "Ink", "priority": "high"},
        3: {"title": "Paper", "priority": "low"},
    }


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiter_is_the_headers(delimiter: str) -> None:
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


def test_empty_cell_says_nothing() -> None:
    assert rows_of("title,due_at,state\nInk, ,") == {2: {"title": "Ink"}}


def test_empty_rows_are_left_out_and_counted() -> None:
    assert rows_of("\n\ntitle,state\n\n,\nInk,done\n\n") == {6: {"title": "Ink", "state": "done"}}


def test_labels_are_separated_by_semicolons() -> None:
    assert rows_of("title,labels\nInk,red; blue;;") == {
        2: {"title": "Ink", "labels": ["red", " blue"]}
    }


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("Ink,done,more", "this row has 3 cells, the header 2"),
        ("Ink", "this row has 1 cells, the header 2"),
        ('"Ink"x,done', "the quotes of this row do not match"),
    ],
)
def test_broken_row_among_good_ones_is_named_alone(row: str, reason: str) -> None:
    assert rows_of(f"title,state\nA,done\n{row}\nB,done") == {
        2: {"title": "A", "state": "done"},
        3: (None, reason),
        4: {"title": "B", "state": "done"},
    }


def test_quote_that_is_never_closed_breaks_its_row() -> None:
    assert rows_of('title\nA\n"B\nC\n') == {
        2: {"title": "A"},
        3: (None, "the quotes of this row do not match"),
    }


def test_quote_that_is_never_closed_does_not_swallow_a_large_file() -> None:
    content = 'title\n"A\n' + "B\n" * 200_000
    rows = rows_of(content)
    assert rows[2] == (None, "the quotes of this row do not match")
    assert rows[3] == {"title": "B"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "The file is empty."),
        ("\r\n\n", "The file is empty."),
        ("state\ndone", "The column title is missing."),
        ("title,title\na,b", "The header names a column twice."),
        ("title,Title\na,b", "The header names a column twice."),
        ("title,owner_id\na,b", "There is no column owner_id."),
        ("title,\na,b", "There is no column ."),
        ('title,"x\na,b', "The header cannot be read"),
        ("x" * 1000, f"There is no column {'x' * 40}."),
        ("title\x00\na", "There is no column title\x00."),
    ],
)
def test_bad_header_refuses_the_file(content: str, message: str) -> None:
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
        ("[]", None, "this line is no JSON object"),
        ("7", None, "this line is no JSON object"),
        ("null", None, "this line is no JSON object"),
        ('"title"', None, "this line is no JSON object"),
        ('{"title": "a", "title": "b"}', "title", "this name is there twice"),
        ('{"title": {"a": 1, "a": 2}}', "a", "this name is there twice"),
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
def test_broken_line_among_good_ones_is_named_alone(
    line: str, column: str | None, reason: str
) -> None:
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
