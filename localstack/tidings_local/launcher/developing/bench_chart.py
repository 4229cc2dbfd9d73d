"""A bar chart (SVG) of one column of a benchmark's table.

Written here, because it is a few lines: a plotting library would be installed with every clone.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from .bench_tables import Table

WIDTH, LABELS, VALUES = 760, 300, 90
ROW, BAR = 24, 16
STYLE = "font-family: sans-serif; font-size: 13px"
FILL = "#3b6ea5"


def chart(table: Table, column: str) -> str:
    """Return the chart of a column, with a bar for each row that has a number there.

    A row is named by the columns before this one.

    Raises:
        ValueError: the table has no such column, or no number in it.
    """
    place = table.columns.index(column)
    bars = [
        (_name(table, row, place), row[place], table.number(row, column))
        for row in table.rows
        if table.number(row, column) is not None
    ]
    if not bars:
        raise ValueError(f"{column} has no number")
    longest = max(value or 0.0 for _, _, value in bars) or 1.0
    room = WIDTH - LABELS - VALUES
    lines = [
        part
        for index, (name, text, value) in enumerate(bars)
        for part in _bar(index, name, text, room * (value or 0.0) / longest)
    ]
    height = ROW * (len(bars) + 1)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
            f' role="img" style="{STYLE}">',
            f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
            f'<text x="{LABELS}" y="{ROW - 8}" font-weight="bold">{escape(column)}</text>',
            *lines,
            "</svg>\n",
        ]
    )


def _name(table: Table, row: list[str], columns: int) -> str:
    """Return the first cells of a row; a number is followed by the name of its column."""
    named = zip(table.columns[:columns], row, strict=False)
    cells = [
        cell if table.number(row, column) is None else f"{cell} {column}" for column, cell in named
    ]
    return ", ".join(cells).replace("`", "")


def _bar(index: int, name: str, text: str, length: float) -> list[str]:
    top = ROW * (index + 1)
    base = top + BAR - 3
    return [
        f'<text x="{LABELS - 8}" y="{base}" text-anchor="end">{escape(name)}</text>',
        f'<rect x="{LABELS}" y="{top}" width="{length:.1f}" height="{BAR}" fill="{FILL}"/>',
        f'<text x="{LABELS + length + 6:.1f}" y="{base}">{escape(text)}</text>',
    ]
