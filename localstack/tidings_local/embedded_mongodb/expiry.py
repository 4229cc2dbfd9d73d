"""Delete expired documents by their index."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from secantus.storage import Storage

# Without a lower bound, documents without a date would be read, too.
EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


def prune_by_the_index(storage: type[Storage]) -> None:
    """Let a storage class read only the expired documents of a collection.

    SecantusDB reads and decodes all documents of each collection with such an index, once a minute,
    and holds the lock that each command needs: for 0.46 s of CPU time with 20,000 notifications.
    """
    storage.prune_ttl = _pruned


def _pruned(self: Storage, db: str, coll: str, *, now: datetime | None = None) -> int:
    moment = now or datetime.now(UTC)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    with self._lock:
        filters = list(_filters(self, db, coll, moment))
    return sum(self.delete_matching(db, coll, each) for each in filters)


def _filters(storage: Storage, db: str, coll: str, now: datetime) -> Iterator[dict[str, Any]]:
    """Yield the condition of each index that expires documents."""
    for _, key, options in storage._iter_indexes(db, coll):
        seconds = options.get("expireAfterSeconds")
        field, direction = next(iter(key.items()))
        is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if not is_number or len(key) > 1 or field == "_id" or direction not in (1, -1):
            continue
        try:
            cutoff = now - timedelta(seconds=seconds)
        except (OverflowError, ValueError):
            continue
        expired = {field: {"$gte": EARLIEST, "$lt": cutoff}}
        partial = options.get("partialFilterExpression")
        yield {"$and": [expired, dict(partial)]} if partial else expired
