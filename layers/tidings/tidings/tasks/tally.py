"""What became of the rows of an upload, counted while they go by."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tidings.tasks.schemas import RowRefusal, UploadReport

# From then on one problem of each row is told: the answer holds every row of the largest file.
ALL_PROBLEMS_UP_TO: Final = 1_000

# The column, where it is known, and what is wrong with it.
Problem = tuple[str | None, str]


@dataclass
class Tally:
    """An upload's report while it grows."""

    created: int = 0
    refused: int = 0
    _problems: int = 0
    _ids: list[str] = field(default_factory=list)
    _refusals: list[RowRefusal] = field(default_factory=list)

    def note_created(self, ids: Sequence[str]) -> None:
        self.created += len(ids)
        self._ids.extend(ids)

    def refuse(self, row: int, *problems: Problem) -> None:
        self.refused += 1
        self._problems += len(problems)
        told = problems if len(self._refusals) < ALL_PROBLEMS_UP_TO else problems[:1]
        for column, reason in told:
            self._refusals.append(RowRefusal(row=row, column=column, reason=reason))

    def report(self) -> UploadReport:
        return UploadReport(
            created=self.created,
            ids=self._ids,
            refused=self.refused,
            refusals=sorted(self._refusals, key=lambda each: each.row),
            refusals_omitted=self._problems - len(self._refusals),
        )
