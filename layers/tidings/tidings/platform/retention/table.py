"""All rows of the table of retention, and those that the job works on."""

from collections.abc import Iterator
from types import ModuleType
from typing import Final

from tidings.platform.retention import elsewhere, in_redis, stored
from tidings.platform.retention.row import BY_INDEX, SWEEPING, Retention


def _rows(module: ModuleType) -> Iterator[Retention]:
    for value in vars(module).values():
        if isinstance(value, Retention):
            yield value
        elif isinstance(value, tuple):
            yield from (each for each in value if isinstance(each, Retention))


STORED: Final = tuple(_rows(stored))
IN_REDIS: Final = tuple(_rows(in_redis))
ELSEWHERE: Final = tuple(_rows(elsewhere))
ROWS: Final = (*STORED, *IN_REDIS, *ELSEWHERE)

# The rows whose periods MongoDB enforces, each with the field of its TTL index.
INDEXED: Final = tuple((row, row.field) for row in STORED if row.means in BY_INDEX and row.field)
# The rows whose periods the job enforces.
SWEPT: Final = tuple(row for row in STORED if row.means in SWEEPING)
