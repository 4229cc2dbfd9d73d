"""Tables in files: errors of the application's reader are reported with the file's name."""

from pathlib import Path

import pytest

from tidings.platform.inputs.tables import TableRow
from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.operating.tables import FileTable, open_table


def table_of(tmp_path: Path, content: bytes | str, encoding: str = "utf-8") -> FileTable:
    path = tmp_path / "products.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return open_table(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_mark_sets_the_encoding(tmp_path: Path, encoding: str) -> None:
    table = table_of(tmp_path, "sku,title\r\nA,Käse ☕\r\n", encoding)
    assert table.columns == ["sku", "title"]
    assert list(table.rows()) == [TableRow(2, 2, ["A", "Käse ☕"])]


def test_other_bytes_are_reported_with_their_line_before_any_row_is_used(tmp_path: Path) -> None:
    with pytest.raises(LauncherError, match=r"products\.csv") as refused:
        table_of(tmp_path, b"sku,title\n" + b"A,x\n" * 100_000 + b"B,K\xe4se\n")
    assert refused.value.hint.startswith("Line 100002 has a byte (0xE4)")


@pytest.mark.parametrize("content", ["", "\n", " \n", '"sku'])
def test_file_without_columns_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(LauncherError, match=r"products\.csv cannot be read"):
        table_of(tmp_path, content)


def test_line_without_an_end_is_refused(tmp_path: Path) -> None:
    table = table_of(tmp_path, "sku\n" + "x" * 2_000_000)
    with pytest.raises(LauncherError) as refused:
        list(table.rows())
    assert refused.value.hint.startswith("Line 2 ")


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LauncherError, match=r"missing\.csv"):
        open_table(tmp_path / "missing.csv")


def test_read_bytes_add_up_to_the_size(tmp_path: Path) -> None:
    table = table_of(tmp_path, "sku\n" + "A\n" * 50_000)
    rows = table.rows()
    next(rows)
    begun = table.read_bytes
    assert len(list(rows)) == 49_999
    assert begun < table.read_bytes == table.size_bytes
