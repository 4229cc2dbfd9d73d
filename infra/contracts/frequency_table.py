"""The table in docs/delivery.md of how often a person gets messages, from the typed table."""

from pathlib import Path
from typing import Final

from infra.contracts.table_in_page import page_with
from tidings.delivery.frequency_rules import TABLE, Row, parts

ROOT: Final = Path(__file__).resolve().parents[2]
FILE: Final = ROOT / "docs/delivery.md"
START: Final = "<!-- `make contracts` writes this table from frequency_rules.py. -->\n"
HEAD: Final = (
    "| category or kind | channel | at most | mail only if unread after |\n|---|---|---|---|\n"
)
UNITS: Final = {"m": "minute", "h": "hour", "d": "day"}


def page_with_frequencies() -> str:
    """Return the text of docs/delivery.md with the table that follows from the rules.

    Raises:
        ValueError: the page does not have the two comments around the table.
    """
    return page_with(HEAD + "".join(map(_row, TABLE)), FILE, START)


def _row(row: Row) -> str:
    cap = f"{row.cap.most} in {_written(row.cap.per)}" if row.cap else ""
    wait = _written(row.unread_for) if row.unread_for else ""
    return f"| `{row.what}` | `{row.channel}` | {cap} | {wait} |\n"


def _written(duration: str) -> str:
    """Return a duration such as `7d` in words."""
    number, letter = parts(duration)
    unit = UNITS[letter]
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
