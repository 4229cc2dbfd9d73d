"""The table of all faults: accepted requests, their effects, and the time of recovery."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bootstrap import ROOT
from tests.faults.ledger import Account
from tests.settings import stack_under_test

HEAD: Final = (
    "| fault | load | accepted | effects | duplicates | lost | unknown | recovered in | memory |\n"
    "|---|---|---|---|---|---|---|---|---|\n"
)


@dataclass(frozen=True)
class Row:
    """One kind of load during one fault."""

    fault: str
    account: Account
    recovered_seconds: float
    memory_before_mb: float
    memory_after_mb: float

    def line(self) -> str:
        """Return a row of the Markdown table."""
        of = self.account
        load = f"{of.accepted + of.given_up} {of.kind}"
        memory = f"{self.memory_before_mb:.0f} → {self.memory_after_mb:.0f} MB"
        seconds = f"{self.recovered_seconds:.1f} s"
        counts = (of.accepted, of.effects, of.duplicates, of.lost, of.unknown)
        cells = (self.fault, load, *counts, seconds, memory)
        return f"| {' | '.join(map(str, cells))} |\n"


def table(rows: list[Row]) -> str:
    """Return the Markdown table."""
    return HEAD + "".join(row.line() for row in rows)


def write(rows: list[Row]) -> Path:
    """Write the table into the stack's folder; docs/faults.md has a copy."""
    path = ROOT / ".tidings" / "stacks" / stack_under_test().name / "faults.md"
    path.write_text(table(rows), encoding="utf-8")
    return path
