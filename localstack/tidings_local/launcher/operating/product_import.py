"""`make import-products FILE=...`: import a CSV file in pieces, with a report."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tidings.platform.inputs.tables import TableRow

from .. import progress
from ..errors import LauncherError
from ..running.stack import Stack
from .rules import invoke
from .tables import FileTable, open_table

FUNCTION = "tidings-import-products"
# Lambda accepts 6 MB at once; a character may have four bytes, and is escaped.
MAX_CHUNK_CHARACTERS = 400_000
MAX_CHUNK_ROWS = 200
SHOWN_REFUSALS = 20
FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")

Send = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Refusal:
    row: int
    line: int
    column: str | None
    reason: str

    def __str__(self) -> str:
        line = f" (line {self.line})" if self.line != self.row else ""
        column = f", column {self.column}" if self.column else ""
        return f"row {self.row}{line}{column}: {self.reason}"


@dataclass
class Totals:
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[Refusal] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return self.created + self.updated + self.unchanged + len(self.refused)

    def refuse(self, row: TableRow, column: str | None, reason: str) -> None:
        self.refused.append(Refusal(row.number, row.line, column, reason))

    def add(self, report: dict[str, Any], sent: Iterable[TableRow]) -> None:
        rows = {each.number: each for each in sent}
        self.created += report["created"]
        self.updated += report["updated"]
        self.unchanged += report["unchanged"]
        for each in report["refused"]:
            self.refuse(rows[each["row"]], each["column"], each["reason"])

    def __str__(self) -> str:
        return (
            f"{self.created} created, {self.updated} updated, {self.unchanged} unchanged, "
            f"{len(self.refused)} refused"
        )


def import_products(stack: Stack, file: str | None) -> Totals:
    """Send a file to the stack, and write the refused rows to a file in the stack's folder.

    A file can be sent again, also after an interruption: unchanged products stay unchanged.
    """
    if not file:
        raise LauncherError("FILE is missing", hint="make import-products FILE=products.csv")
    path = path_of(file)
    totals = send_table(open_table(path), _sender(stack))
    progress.step(f"{path.name}: {totals}")
    _show_refused(stack, path, totals.refused)
    return totals


def path_of(file: str) -> Path:
    """Return the file as typed; `~/` is the home folder if the shell did not replace it."""
    path = Path(file)
    return path.expanduser() if file.startswith("~/") and not path.exists() else path


def send_table(table: FileTable, send: Send) -> Totals:
    """Send every row once; a SKU that occurred before in the file is refused.

    The columns are sent first, alone, so that they are checked even without rows.
    """
    totals, first_rows = Totals(), dict[str, int]()
    send({"columns": table.columns, "rows": []})
    with progress.bar() as show:
        for chunk in chunks(table.rows()):
            for row in chunk:
                if row.problem:
                    totals.refuse(row, None, row.problem)
            readable = [each for each in chunk if not each.problem]
            new = _without_repeated(table.columns, readable, first_rows, totals)
            rows = [{"row": each.number, "cells": each.cells} for each in new]
            totals.add(send({"columns": table.columns, "rows": rows}), new)
            show(table.read_bytes / max(table.size_bytes, 1), f"{totals.rows} rows")
    totals.refused.sort(key=lambda each: each.row)
    return totals


def chunks(rows: Iterable[TableRow]) -> Iterator[list[TableRow]]:
    """Yield the rows in pieces that fit into one invocation."""
    chunk: list[TableRow] = []
    characters = 0
    for row in rows:
        length = sum(len(cell) for cell in row.cells)
        if chunk and (len(chunk) >= MAX_CHUNK_ROWS or characters + length > MAX_CHUNK_CHARACTERS):
            yield chunk
            chunk, characters = [], 0
        chunk.append(row)
        characters += length
    if chunk:
        yield chunk


def _without_repeated(
    columns: list[str], chunk: list[TableRow], first_rows: dict[str, int], totals: Totals
) -> list[TableRow]:
    """Return the rows whose SKU is new in this file, because the function sees only one piece."""
    names = [name.lower() for name in columns]
    place = names.index("sku") if "sku" in names else None
    if place is None:
        return chunk
    kept = []
    for row in chunk:
        sku = row.cells[place].strip().upper() if place < len(row.cells) else ""
        first = first_rows.setdefault(sku, row.number) if sku else row.number
        if first == row.number:
            kept.append(row)
        else:
            totals.refuse(row, "sku", f"is the same as in row {first}")
    return kept


def _sender(stack: Stack) -> Send:
    def send(event: dict[str, Any]) -> dict[str, Any]:
        done = invoke(stack, FUNCTION, event)
        if done.failed:
            problem = done.result if isinstance(done.result, dict) else {}
            reason = str(problem.get("errorMessage", "the function failed"))
            raise LauncherError("the import stopped", hint=reason)
        return dict(done.result)

    return send


def _show_refused(stack: Stack, path: Path, refused: list[Refusal]) -> None:
    for refusal in refused[:SHOWN_REFUSALS]:
        progress.show(f"  {refusal}")
    if not refused:
        return
    report = stack.folder / "reports" / f"{path.stem}.refused.csv"
    report.parent.mkdir(exist_ok=True)
    with report.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["row", "line", "column", "reason"])
        for each in refused:
            writer.writerow([each.row, each.line, _as_text(each.column), _as_text(each.reason)])
    progress.show(f"every refused row: {report}")


def _as_text(cell: str | None) -> str:
    """Return a cell that spreadsheets do not take for a formula (OWASP: CSV injection)."""
    text = cell or ""
    return f"'{text}" if text.startswith(FORMULA_BEGINNINGS) else text
