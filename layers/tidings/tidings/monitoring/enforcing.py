"""Delete what is older than the table of retention says, and what no TTL index can find.

A TTL index knows the time that a document got when it was stored. The job knows the table: after a
shorter period, documents that were stored before are deleted, too, and so are those of releases
that set no time. It also deletes what MongoDB's own deletion left, because it is late or off.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from mongoengine import get_db

from tidings.platform.logging import logger
from tidings.platform.retention import stored
from tidings.platform.retention.row import EXPIRES_AT, Retention
from tidings.platform.retention.table import INDEXED, SWEPT
from tidings.platform.settings import settings
from tidings.platform.timing.clock import first_id
from tidings.tasks.uploaded import forget_uploads

# The function has 120 seconds.
SECONDS: Final = 90.0
BATCH: Final = 250
# MongoDB deletes by a TTL index once a minute, and under load later.
PATIENCE: Final = timedelta(days=1)
# No document is older. Ids that are no `new_id` are not below it.
BEGINNING: Final = datetime(2020, 1, 1, tzinfo=UTC)
# A document with events that were not published stays.
PUBLISHED: Final = {"outbox.0": {"$exists": False}}

# Deletes a batch, and returns the number of documents that it found.
Sweep = Callable[[int], int]


def enforce_retention(
    at: datetime, *, seconds: float = SECONDS, batch: int = BATCH
) -> dict[str, int]:
    """Delete documents that are too old, batch by batch, until none is left or the time is over.

    It goes on at its next run. Two runs at once delete the same documents.

    Returns:
        The number of deleted documents by collection, without those with none, and `unfinished`:
        the number of rows of the table that have more.
    """
    ends_at = time.monotonic() + seconds
    sweeps, deleted = _sweeps(at), Counter[str]()
    while sweeps and time.monotonic() < ends_at:
        # A batch of each, so that a large collection does not keep the others waiting.
        for name, sweep in list(sweeps.items()):
            found = sweep(batch)
            deleted[name] += found
            if found < batch:
                del sweeps[name]
    if sweeps:
        logger.warning("retention not enforced in time: the next run goes on", rows=sorted(sweeps))
    return {
        **{name: number for name, number in sorted(deleted.items()) if number},
        "unfinished": len(sweeps),
    }


def _sweeps(at: datetime) -> dict[str, Sweep]:
    """Return the sweep of each row, by the name that the job's summary has for it."""
    sweeps: dict[str, Sweep] = {}
    for row in SWEPT:
        if row is stored.UPLOADS:
            sweeps[_name(row)] = partial(forget_uploads, at - row.period)
        else:
            ids = {"$gte": first_id(BEGINNING), "$lt": first_id(at - _period(row))}
            sweeps[_name(row)] = partial(_delete, row, "_id", ids)
    for row, field in INDEXED:
        before = at - PATIENCE - (timedelta() if field == EXPIRES_AT else row.period)
        times = {"$gte": BEGINNING, "$lt": before}
        sweeps[f"{_name(row)}_by_{field}"] = partial(_delete, row, field, times)
    return sweeps


def _delete(row: Retention, field: str, values: Mapping[str, Any], batch: int) -> int:
    collection = _collection(row)
    too_old = {field: dict(values), **PUBLISHED}
    found = [
        each["_id"] for each in collection.find(too_old, {"_id": 1}).sort(field, 1).limit(batch)
    ]
    if found:
        # Its time may have been removed meanwhile, such as that of a message that failed again.
        done = collection.delete_many({"_id": {"$in": found}, **_and_still(too_old)})
        logger.info(
            "retention: documents deleted", row=row.name, field=field, number=done.deleted_count
        )
    return len(found)


def _and_still(too_old: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in too_old.items() if name != "_id"}


def _period(row: Retention) -> timedelta:
    return timedelta(days=getattr(settings(), row.setting)) if row.setting else row.period


def _collection(row: Retention) -> Any:
    database, name = row.name.partition(" ")[0].split(".")
    return get_db(database)[name]


def _name(row: Retention) -> str:
    """Return a row's collection for the summary, whose names must not have dots."""
    return row.name.partition(" ")[0].replace(".", "_")
