"""Count documents without keeping them, and only up to the limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from functools import wraps
from itertools import islice
from typing import Any, Final, NamedTuple

import bson
from secantus.expressions import ExpressionError
from secantus.query import QueryError, matches
from secantus.storage import Storage

from .entries import number_of_ids, record_ids
from .finding import is_understood
from .reading import of_all, of_rows
from .walks import exact_walk

# The last stage of the pipeline by which drivers count.
NUMBER: Final = {"$group": {"_id": 1, "n": {"$sum": 1}}}
UNUSUAL: Final = {"hint", "collation", "let", "explain"}
NO_LIMIT: Final = 2**62


class Asked(NamedTuple):
    """A count: the first `skip` matches do not count, and at most `limit` do."""

    filter: dict[str, Any]
    skip: int = 0
    limit: int = NO_LIMIT


def stop_at_the_limit(storage: type[Storage], handlers: dict[str, Any]) -> None:
    """Let the commands `count` and `aggregate` count up to the limit.

    SecantusDB reads, decodes and keeps all matches, and then takes their number.
    """
    storage.count_matching = _counted(storage.count_matching)
    handlers["aggregate"] = _aggregated(handlers["aggregate"])


def number_of(
    storage: Storage, db: str, coll: str, filter: dict[str, Any], limit: int, let: Any = None
) -> int:
    """Return the number of matches, at most `limit`."""
    with storage._lock:
        if not filter:
            return number_of_ids(storage, db, coll, limit)
        exact = exact_walk(storage, db, coll, filter)
        if exact is not None:
            return sum(1 for _ in islice(record_ids(storage, db, coll, exact), limit))
        rows = storage._try_index_id_keys(db, coll, filter)
    if rows is None:
        reader = of_all(storage, db, coll, limit)
    else:
        reader = of_rows(storage, db, coll, rows, limit)
    with closing(reader) as found:
        every = (1 for _, doc in found if matches(doc, filter, vars=let))
        return sum(islice(every, limit))


def _counted(count: Callable[..., int]) -> Callable[..., int]:
    @wraps(count)
    def counted(
        self: Storage,
        db: str,
        coll: str,
        filter: dict[str, Any] | None = None,
        *,
        let: dict[str, Any] | None = None,
        collation: Any = None,
    ) -> int:
        where = filter or {}
        if collation is not None or not is_understood(self, db, coll, where):
            return count(self, db, coll, filter, let=let, collation=collation)
        self._refresh_read_snapshot()
        return number_of(self, db, coll, where, NO_LIMIT, let)

    return counted


def _aggregated(aggregate: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(aggregate)
    def aggregated(doc: dict[str, Any], ctx: Any) -> Any:
        asked, coll = _asked(doc), doc["aggregate"]
        if asked is None or not _is_plain(ctx, coll, asked.filter):
            return aggregate(doc, ctx)
        ctx.storage._refresh_read_snapshot()
        up_to = min(asked.skip + asked.limit, NO_LIMIT)
        number = number_of(ctx.storage, ctx.db_name, coll, asked.filter, up_to) - asked.skip
        batch = [{"_id": 1, "n": number}] if number > 0 else []
        place = f"{ctx.db_name}.{coll}"
        return {"cursor": {"firstBatch": batch, "id": bson.Int64(0), "ns": place}, "ok": 1.0}

    return aggregated


def _asked(doc: Mapping[str, Any]) -> Asked | None:
    """Return the count that a driver asks for, or None if it asks for something else."""
    pipeline = doc.get("pipeline")
    if UNUSUAL & doc.keys() or doc.get("cursor") != {} or not isinstance(pipeline, list):
        return None
    stages = [(*each.items(),) if isinstance(each, Mapping) else () for each in pipeline]
    if not stages or pipeline[-1] != NUMBER or any(len(each) != 1 for each in stages):
        return None
    named = dict(each[0] for each in stages[:-1])
    order = [name for name in ("$match", "$skip", "$limit") if name in named]
    if [each[0][0] for each in stages[:-1]] != order or "$match" not in named:
        return None
    filter, skip, limit = named["$match"], named.get("$skip", 0), named.get("$limit", NO_LIMIT)
    if not isinstance(filter, dict) or type(skip) is not int or type(limit) is not int:
        return None
    return Asked(filter, skip, limit) if skip >= 0 and limit > 0 else None


def _is_plain(ctx: Any, coll: Any, filter: dict[str, Any]) -> bool:
    """Say whether it is a collection, and the filter one without an error."""
    if not isinstance(coll, str) or not is_understood(ctx.storage, ctx.db_name, coll, filter):
        return False
    if "viewOn" in ctx.storage.get_collection_options(ctx.db_name, coll):
        return False
    try:
        matches({}, filter)
    except (QueryError, ExpressionError):  # the original command tells it
        return False
    return True
