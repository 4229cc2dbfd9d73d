"""`make import-products FILE=...`: a CSV file into the catalogue, in pieces, with a report."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import progress
from .errors import LauncherError
from .rules import invoke
from .stack import Stack
from .tables import Row, Table, open_table

FUNCTION = "tidings-import-products"
# Lambda takes 6 MB at once; characters may be four bytes, and are escaped.
MAX_CHUNK_CHARACTERS = 400_000
MAX_CHUNK_ROWS = 200
SHOWN_REFUSALS = 20

Send = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Refusal:
    row: int
    column: str | None
    reason: str

    def __str__(self) -> str:
        where = f"row {self.row}" + (f", column {self.column}" if self.column else "")
        return f"{where}: {self.reason}"


@dataclass
class Totals:
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[Refusal] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return self.created + self.updated + self.unchanged + len(self.refused)

    def add(self, report: dict[str, Any]) -> None:
        self.created += report["created"]
        self.updated += report["updated"]
        self.unchanged += report["unchanged"]
        self.refused += [Refusal(**each) for each in report["refused"]]

    def __str__(self) -> str:
        return (
            f"{self.created} created, {self.updated} updated, {self.unchanged} unchanged, "
            f"{len(self.refused)} refused"
        )


def import_products(stack: Stack, file: str | None) -> Totals:
    """Send a file to the stack, and write what was refused beside the stack's other files.

    It can be sent again, also after it was broken off: what is there already is unchanged.
    """
    if not file:
        raise LauncherError("say which: make import-products FILE=products.csv")
    path = Path(file).expanduser()
    totals = send_table(open_table(path), _sender(stack))
    progress.step(f"{path.name}: {totals}")
    _show_refused(stack, path, totals.refused)
    return totals


def send_table(table: Table, send: Send) -> Totals:
    """Send every row once; a SKU that was in the file before is refused."""
    totals, first_rows = Totals(), dict[str, int]()
    with progress.bar() as show:
        for chunk in chunks(table.rows()):
            readable = [each for each in chunk if not each.problem]
            totals.refused += [Refusal(r.number, None, r.problem) for r in chunk if r.problem]
            new = _without_repeated(table.columns, readable, first_rows, totals)
            rows = [{"row": each.number, "cells": each.cells} for each in new]
            totals.add(send({"columns": table.columns, "rows": rows}))
            show(table.read_bytes / max(table.size_bytes, 1), f"{totals.rows} rows")
    totals.refused.sort(key=lambda each: each.row)
    return totals


def chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows in pieces that one invocation takes."""
    chunk: list[Row] = []
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
    columns: list[str], chunk: list[Row], first_rows: dict[str, int], totals: Totals
) -> list[Row]:
    """The rows whose SKU is new in this file; the function sees only one piece at a time."""
    names = [name.strip().lower() for name in columns]
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
            totals.refused.append(Refusal(row.number, "sku", f"is the same as in row {first}"))
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
        writer.writerow(["row", "column", "reason"])
        writer.writerows([each.row, each.column or "", each.reason] for each in refused)
    progress.show(f"every refused row: {report}")
