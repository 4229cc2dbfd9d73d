"""Tests of reading tables as Excel and other programs write them."""

import csv
import io
import tracemalloc

import pytest

from tidings.platform.inputs.tables import (
    MAX_CELL_CHARACTERS,
    MAX_LINE_CHARACTERS,
    NotATable,
    Table,
    TableRow,
)

ENDS = pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old mac"])


def table_of(content: str) -> Table:
    return Table(io.StringIO(content, newline=""))


def rows_of(content: str) -> list[TableRow]:
    return list(table_of(content).rows())


def cells_of(content: str) -> list[list[str]]:
    rows = rows_of(content)
    assert [row.problem for row in rows if row.problem] == []
    return [row.cells for row in rows]


def problems_of(content: str) -> dict[int, str]:
    return {row.number: row.problem for row in rows_of(content) if row.problem}


def refusal_of(content: str) -> str:
    with pytest.raises(NotATable) as refused:
        rows_of(content)
    return str(refused.value)


# ------------------------------------------------------------- separators and lines


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_header_sets_the_delimiter(delimiter: str) -> None:
    table = table_of(f"sku{delimiter}title\nA{delimiter}x")
    assert table.columns == ["sku", "title"]
    assert [row.cells for row in table.rows()] == [["A", "x"]]


def test_delimiter_within_quotes_is_ignored() -> None:
    assert table_of('"a, b, c, d";e\n').columns == ["a, b, c, d", "e"]


def test_table_of_one_column_has_no_delimiter() -> None:
    assert cells_of('title\nInk\n"a,b"\n') == [["Ink"], ["a,b"]]


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"', "sep=;;;;", "\ufeffsep=;"])
@ENDS
def test_line_that_names_the_separator_is_not_a_row(line: str, end: str) -> None:
    table = table_of(end.join([line, "title;a,b", "Ink;blue"]))
    assert table.columns == ["title", "a,b"]
    assert list(table.rows()) == [TableRow(2, 3, ["Ink", "blue"])]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_named_separator_wins_over_the_header(delimiter: str) -> None:
    content = f"sep={delimiter}\na.;,;,{delimiter}b\n1{delimiter}2"
    content = content.replace(";,", "" if delimiter in ";," else ";,")
    assert table_of(content).columns[-1] == "b"


@pytest.mark.parametrize("line", ["sep=", "sep=x", "sep=.", 'sep="'])
def test_unknown_separator_is_refused_by_name(line: str) -> None:
    assert refusal_of(f"{line}\ntitle\nInk").startswith(("Line 1", "The header (line 1)"))


def test_separator_line_alone_is_an_empty_file() -> None:
    assert refusal_of("sep=;\r\n") == "The file is empty."


@ENDS
def test_rows_and_lines_are_counted_like_in_spreadsheets_and_editors(end: str) -> None:
    lines = ["", "title,text", "A,x", ",", "", f'B,"one{end}two"', "C,y", ""]
    assert rows_of(end.join(lines)) == [
        TableRow(3, 3, ["A", "x"]),
        TableRow(6, 6, ["B", f"one{end}two"]),
        TableRow(7, 8, ["C", "y"]),
    ]


def test_quotes_keep_delimiters_and_quotes() -> None:
    assert cells_of('a,b\n"one, ""two""",5" pipe\n') == [['one, "two"', '5" pipe']]


def test_quote_after_a_separator_and_a_blank_opens_a_cell() -> None:
    assert cells_of('sku, title, "price, net"\nA, "Tee, blue", 3\n') == [["A", "Tee, blue", "3"]]
    assert cells_of('a\n" ""x"" "\n') == [[' "x" ']]


def test_only_line_ends_end_a_row() -> None:
    assert cells_of("a,b\nA,x\u2028y\x85z\x0bw\x0c\r") == [["A", "x\u2028y\x85z\x0bw\x0c"]]


# ----------------------------------------------------------------- blank rows, columns


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_without_a_name_are_ignored_if_empty(delimiter: str) -> None:
    content = "sku,title,,\r\nA,x,,\r\nB,y\r\nC,z,, ,,,\r\n".replace(",", delimiter)
    table = table_of(content)
    assert table.columns == ["sku", "title"]
    assert [row.cells for row in table.rows()] == [["A", "x"], ["B", "y"], ["C", "z"]]


def test_column_without_a_name_may_be_anywhere() -> None:
    table = table_of(",sku,,title\n,A,,x\n,B\n")
    assert table.columns == ["sku", "title"]
    assert [row.cells for row in table.rows()] == [["A", "x"], ["B"]]


def test_cell_without_a_column_name_refuses_its_row() -> None:
    assert problems_of("sku,,title,\nA,oops,x\nB,,y,\nC,,z,oops\n") == {
        2: "cell 2 is filled, but the header names no column 2",
        4: "cell 4 is filled, but the header names no column 4",
    }


def test_row_that_is_longer_than_the_header_is_refused() -> None:
    problem = problems_of("sku,price\nA,1\nB,1,50\n")[3]
    assert problem.startswith("it has 3 cells, the header 2")


def test_row_that_ends_early_has_fewer_cells() -> None:
    assert cells_of("a,b,c\nA\nB,x\n") == [["A"], ["B", "x"]]


def test_blank_rows_are_ignored_also_before_the_header() -> None:
    content = ';;\r\n \r\n"";"";""\r\nsku;title;\r\n;;\r\n\u00a0;;\r\nA;x;\r\n'
    table = table_of(content)
    assert table.columns == ["sku", "title"]
    assert list(table.rows()) == [TableRow(7, 7, ["A", "x"])]


def test_invisible_characters_are_removed_from_names() -> None:
    header = '\ufeff\ufeff  SKU ,\u00a0Title\u200b,"Due\r\nat",\uff50\uff52\uff49\uff43\uff45'
    assert table_of(header).columns == ["SKU", "Title", "Due at", "price"]


@pytest.mark.parametrize("content", ["", "\n", " \r\n\r\n", ",,;\n", '""\n', "\ufeff", "\u200b\n"])
def test_file_without_a_header_is_empty(content: str) -> None:
    assert refusal_of(content) == "The file is empty."


def test_header_alone_has_no_rows() -> None:
    assert rows_of("sku,title\r\n") == []


# ----------------------------------------------------------------------- broken files


def test_broken_quotes_refuse_one_row() -> None:
    rows = rows_of('sku,title\nA,"x"y\nB,z\n')
    assert rows[0].problem == "its quotes do not match; within quotes, write a quote twice"
    assert rows[1:] == [TableRow(3, 3, ["B", "z"])]


def test_unclosed_quote_is_reported_with_its_lines() -> None:
    assert problems_of('sku\nA\n"B\nC\nD\n') == {
        3: "a quote is opened and not closed (lines 3 to 5 are not read)"
    }


def test_unclosed_quote_does_not_fill_the_memory() -> None:
    content = 'sku,title\nA,x\nB,"' + ("C," + "x" * 1000 + "\n") * 5_000
    text = io.StringIO(content, newline="")
    tracemalloc.start()
    try:
        good, broken = Table(text).rows()
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert good == TableRow(2, 2, ["A", "x"])
    assert broken.problem.startswith("a cell has over 131,072 characters, or its quote")
    assert broken.problem.endswith("(lines 3 to 5002 are not read)")
    assert peak_bytes < 2 * 1024 * 1024


@pytest.mark.parametrize(
    "cell", ["one\n" * 100_000, "x" * 200_000 + "\none\ntwo\n"], ids=["many lines", "long line"]
)
def test_lines_of_a_cell_that_is_too_long_are_never_rows(cell: str) -> None:
    rows = rows_of(f'title\nA\n"{cell}"\nB\n')
    assert [row.cells for row in rows] == [["A"], []]
    assert rows[1].line == 3


def test_a_hundred_thousand_rows_are_read_in_the_memory_of_one() -> None:
    text = io.StringIO("sku;title\r\n" + "A;Tee\r\n" * 100_000, newline="")
    table = Table(text)
    tracemalloc.start()
    try:
        assert sum(row.cells == ["A", "Tee"] for row in table.rows()) == 100_000
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 1024 * 1024


def test_limit_of_a_cell_is_that_of_the_reader() -> None:
    assert csv.field_size_limit() == MAX_CELL_CHARACTERS
    longest = "x" * MAX_CELL_CHARACTERS
    assert cells_of(f"title\n{longest}\n") == [[longest]]
    assert "131,072" in problems_of(f"title\n{longest}x\nB\n")[2]


def test_nul_characters_refuse_their_row() -> None:
    rows = rows_of("title\nA\0\nB\n")
    assert rows == [
        TableRow(2, 2, problem="it has NUL characters; save the file as UTF-8 text"),
        TableRow(3, 3, ["B"]),
    ]


def test_utf16_without_a_mark_is_reported_as_such() -> None:
    content = "title,state\nInk,done\n".encode("utf-16-le").decode()
    assert "UTF-8" in refusal_of(content)


@pytest.mark.parametrize("content", ['"sku', 'title,"x\nA', '"x"y\nA\n'])
def test_unreadable_header_is_named(content: str) -> None:
    assert refusal_of(content).startswith("The header (line 1) cannot be read: ")


def test_line_without_an_end_is_refused_by_its_number() -> None:
    assert refusal_of("sku\nA\n" + "x," * MAX_LINE_CHARACTERS).startswith("Line 3 has 1,048,576")


def test_many_empty_lines_before_the_header_take_no_memory() -> None:
    text = io.StringIO("\n" * 300_000 + "title\nInk\n", newline="")
    tracemalloc.start()
    try:
        assert list(Table(text).rows()) == [TableRow(300_002, 300_002, ["Ink"])]
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 2 * 1024 * 1024
