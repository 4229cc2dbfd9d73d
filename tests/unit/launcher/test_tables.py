"""CSV files as people save them."""

from pathlib import Path

import pytest

from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.tables import MAX_CELL_CHARACTERS, Row, Table, open_table


def table_of(tmp_path: Path, content: bytes | str, encoding: str = "utf-8") -> Table:
    path = tmp_path / "products.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return open_table(path)


def rows_of(tmp_path: Path, content: bytes | str, encoding: str = "utf-8") -> list[Row]:
    return list(table_of(tmp_path, content, encoding).rows())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_byte_order_mark_says_the_encoding(tmp_path: Path, encoding: str) -> None:
    table = table_of(tmp_path, "sku,title\r\nA,Käse ☕\r\n", encoding)
    assert table.columns == ["sku", "title"]
    assert list(table.rows()) == [Row(2, ["A", "Käse ☕"])]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_header_says_the_delimiter(tmp_path: Path, delimiter: str) -> None:
    content = delimiter.join(["sku", "title"]) + "\n" + delimiter.join(["A", "x"])
    assert rows_of(tmp_path, content) == [Row(2, ["A", "x"])]


def test_quotes_keep_delimiters_quotes_and_lines(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, 'sku,title\nA,"one, ""two""\nthree"\nB,four\n')
    assert rows == [Row(2, ["A", 'one, "two"\nthree']), Row(3, ["B", "four"])]


def test_empty_rows_count_and_are_left_out(tmp_path: Path) -> None:
    assert rows_of(tmp_path, "sku\n\n  \nA\n") == [Row(4, ["A"])]


def test_only_the_ends_of_lines_end_a_row(tmp_path: Path) -> None:
    assert rows_of(tmp_path, "sku,title\nA,x\u2028y\x85z\r") == [Row(2, ["A", "x\u2028y\x85z"])]


def test_broken_quotes_refuse_one_row(tmp_path: Path) -> None:
    broken, good = rows_of(tmp_path, 'sku,title\nA,"x"y\nB,z\n')
    assert "CSV" in broken.problem
    assert good == Row(3, ["B", "z"])


def test_quote_that_is_never_closed_does_not_fill_the_memory(tmp_path: Path) -> None:
    line = "B," + "x" * 1000 + "\n"
    rows = rows_of(tmp_path, 'sku,title\nA,"' + line * (2 * MAX_CELL_CHARACTERS // 1000))
    assert rows[0].problem
    assert rows[-1].cells[0] == "B"


def test_other_bytes_are_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(LauncherError, match="no text") as refused:
        rows_of(tmp_path, b"sku,title\nA,K\xe4se\n")
    assert "UTF-8" in refused.value.hint


def test_line_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LauncherError, match="characters"):
        rows_of(tmp_path, "sku\n" + "x" * 2_000_000)


@pytest.mark.parametrize("content", ["", "\n", " \n", '"sku'])
def test_file_without_columns_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(LauncherError, match="columns"):
        table_of(tmp_path, content)


def test_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LauncherError, match=r"missing\.csv"):
        open_table(tmp_path / "missing.csv")


def test_bytes_read_come_to_the_size(tmp_path: Path) -> None:
    table = table_of(tmp_path, "sku\n" + "A\n" * 50_000)
    rows = table.rows()
    next(rows)
    begun = table.read_bytes
    assert len(list(rows)) == 49_999
    assert begun < table.read_bytes == table.size_bytes
