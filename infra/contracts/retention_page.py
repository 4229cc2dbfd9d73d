"""docs/retention.md, from the table of retention."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Final

from tidings.platform.retention.row import Means, Retention
from tidings.platform.retention.table import ELSEWHERE, IN_REDIS, STORED
from tidings.platform.settings import ENVIRONMENT_PREFIX, Settings

FILE: Final = Path(__file__).resolve().parents[2] / "docs/retention.md"
UNITS: Final = (("day", 24 * 3600), ("hour", 3600), ("minute", 60), ("second", 1))
HEAD: Final = "| data | kept for | from | deleted by | why | left |\n|---|---|---|---|---|---|\n"

INTRODUCTION: Final = """\
# Retention

`make contracts` writes this page from `tidings.platform.retention`
([decision 196](decisions/0196-one-table-of-retention.md)). That table is the only place with these
periods: TTL indexes, Redis's expiry times and the job take them from it. A contract test fails if a
collection, a family of Redis keys, a queue or a log group has no row.

## How it is enforced

- **MongoDB** deletes by TTL indexes, about once a minute. The rule `retention` runs daily
  ([scheduled rules](scheduled-rules.md)). It deletes, in batches, what no TTL index can find. It
  goes by the time in the ids: so it finds documents of releases that stored no time, and a shorter
  period also holds for documents that were stored before. It also deletes what MongoDB's own
  deletion left for a day. A document with events that were not published stays.
- **A changed period** of a TTL index reaches the database with the first function of the new
  release that uses the collection.
- **The job's last run** is on the [console](console.md)'s overview, at the rules: the number of
  deleted documents by collection. `..._by_<field>` counts what MongoDB should have deleted itself;
  if it is not 0, the TTL monitor is late or off. `unfinished` is the number of rows that need
  another run.
- **Redis** expires keys itself. Erasure of a person does not wait for it
  ([decision 65](decisions/0065-erasure-by-each-domain.md)).
- **Backups** are not made by Tidings. Whoever makes them must delete them, too: a restored backup
  has persons who were erased since.

`kept for` is empty if there is no period: the data stays until the act of the column `deleted by`.
"""
SECTIONS: Final = (
    ("MongoDB", STORED),
    ("Redis", IN_REDIS),
    ("Queues, logs and measurements", ELSEWHERE),
)


def page() -> str:
    """Return the content of the page."""
    tables = (f"\n## {title}\n\n{HEAD}{_table(rows)}" for title, rows in SECTIONS)
    return INTRODUCTION + "".join(tables)


def _table(rows: Iterable[Retention]) -> str:
    return "".join(_line(each) for each in rows)


def _line(row: Retention) -> str:
    left = "everything" if row.means is Means.NONE and row.lasts is None else row.left
    cells = (f"`{row.name}`", _kept_for(row), row.since, row.means.value, row.why, left)
    return f"| {' | '.join(cells)} |\n"


def _kept_for(row: Retention) -> str:
    if row.setting:
        days = Settings.model_fields[row.setting].default
        return f"{days} days (`{ENVIRONMENT_PREFIX}{row.setting.upper()}`)"
    return "" if row.lasts is None else in_words(row.lasts)


def in_words(period: timedelta) -> str:
    """Return a period in its largest unit of which it is a whole number."""
    seconds = int(period.total_seconds())
    unit, number = next((name, seconds // size) for name, size in UNITS if seconds % size == 0)
    return f"{number} {unit}{'' if number == 1 else 's'}"
