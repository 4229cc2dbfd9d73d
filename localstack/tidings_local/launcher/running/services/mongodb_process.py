"""Run SecantusDB's own main, with two slow functions replaced.

Both made each write slower with the amount of data, in 0.7.0b3 but not in a MongoDB
(docs/decisions/0067). The results of commands stay the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from secantus import transactions
from secantus.cli import main
from secantus.storage import Storage

RecordIds = list[Any] | None


def look_up_by_id(find: Callable[..., RecordIds]) -> Callable[..., RecordIds]:
    """Use the index of `_id` for a filter with one `_id`, whatever else the filter contains.

    With `$and` or `$or` beside the `_id`, SecantusDB reads the whole collection, and its own
    findAndModify makes such a filter. All found documents are matched with the whole filter
    afterwards.
    """

    def record_ids(
        self: Storage, db: str, coll: str, filter: dict[str, Any], *, collation: Any = None
    ) -> RecordIds:
        if "_id" in filter and any(name.startswith("$") for name in filter):
            filter = {"_id": filter["_id"]}
        return find(self, db, coll, filter, collation=collation)

    return record_ids


def forget_oldest_writes(registry: transactions.TransactionRegistry) -> None:
    """Drop the oldest remembered replies of retryable writes.

    They are stored in order, so that only the first ones are checked; SecantusDB checks all of them
    at each write, and sorts them when there are 10,000.
    """
    remembered = registry._retryable
    cutoff = registry._time() - transactions._RETRYABLE_RECORD_LIFETIME_SECONDS
    while remembered:
        key, (_, at, _) = next(iter(remembered.items()))
        if at >= cutoff and len(remembered) <= transactions._RETRYABLE_RECORD_MAX:
            return
        del remembered[key]


def mend() -> None:
    """Replace both functions in SecantusDB's classes."""
    Storage._try_index_id_keys = look_up_by_id(Storage._try_index_id_keys)
    transactions.TransactionRegistry._prune_retryable_locked = forget_oldest_writes


if __name__ == "__main__":
    mend()
    main()
