"""What runs as the embedded MongoDB: SecantusDB's own main, with two slow places mended.

Both made each write slower the more there was, which 0.7.0b3 does and a MongoDB does not
(docs/decisions/0067). What a command answers stays the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from secantus import transactions
from secantus.cli import main
from secantus.storage import Storage

RecordIds = list[Any] | None


def look_up_by_id(find: Callable[..., RecordIds]) -> Callable[..., RecordIds]:
    """Let a filter that names one `_id` be looked up by it, whatever else the filter says.

    With a `$and` or `$or` beside the `_id` the whole collection is walked; SecantusDB's own
    findAndModify makes such a filter. All found are matched with the whole filter afterwards.
    """

    def record_ids(
        self: Storage, db: str, coll: str, filter: dict[str, Any], *, collation: Any = None
    ) -> RecordIds:
        if "_id" in filter and any(name.startswith("$") for name in filter):
            filter = {"_id": filter["_id"]}
        return find(self, db, coll, filter, collation=collation)

    return record_ids


def forget_oldest_writes(registry: transactions.TransactionRegistry) -> None:
    """Drop what is remembered of retryable writes for too long, the oldest first.

    They are remembered in order, so that only the first ones need a look; SecantusDB looks at
    all of them at each write, and sorts them once there are 10,000.
    """
    remembered = registry._retryable
    cutoff = registry._time() - transactions._RETRYABLE_RECORD_LIFETIME_SECONDS
    while remembered:
        key, (_, at, _) = next(iter(remembered.items()))
        if at >= cutoff and len(remembered) <= transactions._RETRYABLE_RECORD_MAX:
            return
        del remembered[key]


def mend() -> None:
    """Replace both places in SecantusDB's classes."""
    Storage._try_index_id_keys = look_up_by_id(Storage._try_index_id_keys)
    transactions.TransactionRegistry._prune_retryable_locked = forget_oldest_writes


if __name__ == "__main__":
    mend()
    main()
