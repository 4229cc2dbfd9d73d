"""A file of products is sent to the stack in pieces, and a report is returned."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tidings.platform.inputs.tables import TableRow
from tidings_local.launcher import progress
from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.operating import product_import
from tidings_local.launcher.operating.product_import import (
    MAX_CHUNK_CHARACTERS,
    MAX_CHUNK_ROWS,
    Refusal,
    chunks,
    import_products,
    path_of,
    send_table,
)
from tidings_local.launcher.operating.rules import Invocation
from tidings_local.launcher.operating.tables import open_table
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.stack import Stack

Event = dict[str, Any]


class Function:
    """Accepts every row except those with the SKU `BAD`."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> Event:
        self.events.append(event)
        bad = [each for each in event["rows"] if each["cells"][0] == "BAD"]
        refused = [{"row": each["row"], "column": "sku", "reason": "is bad"} for each in bad]
        created = len(event["rows"]) - len(bad)
        return {"created": created, "updated": 0, "unchanged": 0, "refused": refused}

    @property
    def rows(self) -> list[int]:
        return [row["row"] for event in self.events for row in event["rows"]]


@pytest.fixture
def function() -> Function:
    return Function()


def a_file(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "products.csv"
    path.write_text(content, encoding="utf-8")
    return path


def test_every_row_is_sent_once_with_the_columns(tmp_path: Path, function: Function) -> None:
    skus = [f"S{n}" for n in range(2 * MAX_CHUNK_ROWS + 1)]
    totals = send_table(open_table(a_file(tmp_path, "sku\n" + "\n".join(skus))), function)
    assert totals.created == totals.rows == len(skus)
    assert function.rows == list(range(2, len(skus) + 2))
    assert [event["columns"] for event in function.events] == [["sku"]] * 4


def test_refused_rows_are_reported_in_their_order(tmp_path: Path, function: Function) -> None:
    path = a_file(tmp_path, 'sku\nA\nBAD\n"B"b\na\nC\n')
    totals = send_table(open_table(path), function)
    assert totals.created == 2
    assert [(each.row, each.column) for each in totals.refused] == [
        (3, "sku"),
        (4, None),
        (5, "sku"),
    ]
    assert "row 2" in totals.refused[2].reason


def test_repeated_sku_is_refused_also_in_a_later_piece(tmp_path: Path, function: Function) -> None:
    skus = [f"S{n}" for n in range(MAX_CHUNK_ROWS)] + [" s0 "]
    totals = send_table(open_table(a_file(tmp_path, "SKU\n" + "\n".join(skus))), function)
    assert totals.refused == [
        Refusal(MAX_CHUNK_ROWS + 2, MAX_CHUNK_ROWS + 2, "sku", "is the same as in row 2")
    ]


def test_rows_without_a_sku_are_refused_by_the_function(tmp_path: Path, function: Function) -> None:
    send_table(open_table(a_file(tmp_path, "title,sku\na\nb\nc,\n")), function)
    assert function.rows == [2, 3, 4]


def test_pieces_are_within_the_payload_limit() -> None:
    rows = [TableRow(n, n, ["😀" * (MAX_CHUNK_CHARACTERS // 3)]) for n in range(7)]
    pieces = list(chunks(rows))
    assert [len(piece) for piece in pieces] == [3, 3, 1]
    sent = max(len(json.dumps([row.cells for row in piece])) for piece in pieces)
    assert sent < 6 * 1024 * 1024


def test_columns_of_an_empty_table_are_checked_too(tmp_path: Path, function: Function) -> None:
    assert send_table(open_table(a_file(tmp_path, "sku\n")), function).rows == 0
    assert function.events == [{"columns": ["sku"], "rows": []}]


def test_refusal_names_row_line_and_column(tmp_path: Path, function: Function) -> None:
    path = a_file(tmp_path, 'sep=;\nsku;title\n"A";"one\ntwo"\nBAD;x\n')
    totals = send_table(open_table(path), function)
    assert [str(each) for each in totals.refused] == ["row 3 (line 5), column sku: is bad"]


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack("local", tmp_path, Ports(4566))


def answering(result: object, *, failed: bool = False) -> Callable[..., Invocation]:
    return lambda *_: Invocation("import-products", result, failed, "")


def test_every_refused_row_is_in_the_report_file(
    tmp_path: Path, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = [
        {"row": 2, "column": None, "reason": 'has 1 cells, not "3"'},
        {"row": 3, "column": "=cmd", "reason": "@SUM(1)"},
    ]
    report = {"created": 0, "updated": 0, "unchanged": 0, "refused": refused}
    monkeypatch.setattr(product_import, "invoke", answering(report))
    import_products(stack, str(a_file(tmp_path, "sku\nA\nB\n")))
    written = (tmp_path / "reports/products.refused.csv").read_text().splitlines()
    assert written == [
        "row,line,column,reason",
        '2,2,,"has 1 cells, not ""3"""',
        "3,3,'=cmd,'@SUM(1)",
    ]


def test_reason_of_a_failed_function_is_reported(
    tmp_path: Path, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = answering({"errorMessage": "Columns that are missing: title."}, failed=True)
    monkeypatch.setattr(product_import, "invoke", failed)
    with pytest.raises(LauncherError) as refused:
        import_products(stack, str(a_file(tmp_path, "sku\nA\n")))
    assert "missing: title" in refused.value.hint


def test_file_must_be_named(stack: Stack) -> None:
    with pytest.raises(LauncherError, match="FILE is missing"):
        import_products(stack, None)


def test_file_name_is_used_unchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Excel's own files of open tables begin with `~$`."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    for typed in ("~$preis.csv", "~nobody/x.csv", "preis $neu.csv", "-x.csv", " a.csv"):
        assert path_of(typed) == Path(typed)
    assert path_of("~/x.csv") == tmp_path / "home" / "x.csv"


def test_bar_without_a_terminal_prints_a_line_for_each_tenth(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with progress.bar() as show:
        for step in range(101):
            show(step / 100, f"{step} rows")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 11
    assert lines[0].endswith("0%  0 rows")
    assert lines[-1] == f"[{'#' * 30}] 100%  100 rows"
