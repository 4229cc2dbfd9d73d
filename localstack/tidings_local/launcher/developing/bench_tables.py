"""The Markdown tables that benchmarks print: as JSON, and two versions of one side by side."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

# A number with at most one word for its unit: 1,750/s, 0.86ms, 5.1 MB, 98 %.
_NUMBER = re.compile(r"(-?\d[\d,]*(?:\.\d+)?)\s*([^\s\d]\S*)?")
_CHART = re.compile(r"<!-- chart: (.+) -->")
_RULE = re.compile(r"\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?")


@dataclass(frozen=True)
class Table:
    """A table with its column names; all cells are texts."""

    columns: list[str]
    rows: list[list[str]]
    # The column to draw; a benchmark names it in a comment above the table.
    charted: str | None = None

    def number(self, row: list[str], column: str) -> float | None:
        """Return a row's number in a column, without its unit; None if it has none."""
        found = _number(row[self.columns.index(column)])
        return None if found is None else found[0]

    def as_json(self) -> list[dict[str, Any]]:
        """Return each row by column; a number with a unit is an object with both."""
        return [
            {name: _as_json(cell) for name, cell in zip(self.columns, row, strict=False)}
            for row in self.rows
        ]


def tables_in(text: str) -> list[Table]:
    """Return the tables of a Markdown text."""
    found: list[Table] = []
    lines, table, charted = text.splitlines(), None, None
    for before, line in zip(["", *lines], lines, strict=False):
        if not line.startswith("|"):
            table, named = None, _CHART.fullmatch(line)
            charted = named[1] if named else None
        elif _RULE.fullmatch(line.strip()):
            table = Table(_cells(before), [], charted)
            found.append(table)
        elif table is not None:
            table.rows.append(_cells(line))
    return found


def side_by_side(before: list[Table], after: list[Table]) -> str:
    """Return tables with each number before and after a change, and its ratio.

    Rows are paired by their texts and, if these repeat, by their order.
    """
    pairs = zip(before, after, strict=False)
    return "\n\n".join("\n".join(_compared(old, new)) for old, new in pairs)


def _compared(old: Table, new: Table) -> list[str]:
    names = _names(old)
    lines = [_line(new.columns), _line(["---"] * len(new.columns))]
    for name, row in _names(new).items():
        earlier = names.get(name, [])
        cells = [
            _change(earlier[old.columns.index(column)], cell)
            if column in old.columns and len(earlier) == len(old.columns)
            else cell
            for column, cell in zip(new.columns, row, strict=False)
        ]
        lines.append(_line(cells))
    return lines


def _names(table: Table) -> dict[tuple[str, int], list[str]]:
    """Return the rows by their texts and their number among the rows with these texts."""
    found: dict[tuple[str, int], list[str]] = {}
    for row in table.rows:
        text, number = " ".join(each for each in row if _number(each) is None), 0
        while (text, number) in found:
            number += 1
        found[text, number] = row
    return found


def _change(before: str, after: str) -> str:
    """Return a cell with the change; a number that is part of the row's name did not change."""
    if before == after:
        return after
    old, new = _number(before), _number(after)
    if old is None or new is None or not old[0] or old[1] != new[1]:
        return f"{before} -> {after}"
    return f"{before} -> {after} (x {new[0] / old[0]:.2f})"


def _cells(line: str) -> list[str]:
    return [each.strip() for each in line.strip().strip("|").split("|")]


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _as_json(cell: str) -> Any:
    number = _number(cell)
    if number is None:
        return cell
    return {"value": number[0], "unit": number[1]} if number[1] else number[0]


def _number(cell: str) -> tuple[float, str] | None:
    match = _NUMBER.fullmatch(cell)
    return (float(match[1].replace(",", "")), match[2] or "") if match else None
