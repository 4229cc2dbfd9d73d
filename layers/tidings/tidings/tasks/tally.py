"""Count the results of an upload's rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tidings.tasks.rows import Row
from tidings.tasks.schemas import RowRefusal, UploadReport

# After this many problems, only one of each row is reported, so the answer can hold every row of
# the largest file.
ALL_PROBLEMS_UP_TO: Final = 1_000

# The column, if it is known, and the reason.
Problem = tuple[str | None, str]


@dataclass
class Tally:
    """The report of an upload in progress."""

    created: int = 0
    refused: int = 0
    _problems: int = 0
    _ids: list[str] = field(default_factory=list)
    _refusals: list[RowRefusal] = field(default_factory=list)

    def note_created(self, ids: Sequence[str]) -> None:
        self.created += len(ids)
        self._ids.extend(ids)

    def refuse(self, row: Row, *problems: Problem) -> None:
        self.refused += 1
        self._problems += len(problems)
        told = problems if len(self._refusals) < ALL_PROBLEMS_UP_TO else problems[:1]
        for column, reason in told:
            self._refusals.append(_refusal(row, column, reason))

    def report(self) -> UploadReport:
        return UploadReport(
            created=self.created,
            ids=self._ids,
            refused=self.refused,
            refusals=sorted(self._refusals, key=lambda each: each.row),
            refusals_omitted=self._problems - len(self._refusals),
        )


def _refusal(row: Row, column: str | None, reason: str) -> RowRefusal:
    return RowRefusal(row=row.number, line=row.line, column=column, reason=reason)
