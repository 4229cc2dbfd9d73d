"""Let `explain` tell the plan of a query, and the number of documents that it read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from threading import local
from typing import Any, Final

from secantus.storage import Storage

from .conditions import alternatives, plain_conditions
from .finding import is_understood, walks_of
from .lookups import lookups_of
from .reading import counted, examined

Plan = dict[str, Any]


class Explained(local):
    """The limits of the query that this thread explains."""

    limits: dict[str, int] | None = None
    documents = 0


explained: Final = Explained()


def tell_what_was_read(storage: type[Storage], handlers: dict[str, Any]) -> None:
    """Replace the plans and numbers of `explain` by the real ones.

    SecantusDB runs the query without its limit, and tells the number of results as the number of
    documents read.
    """
    storage._docs_by_recordids = counted(storage._docs_by_recordids, len)
    storage._scan_docs_natural = _counting_each(storage._scan_docs_natural)
    storage.find_matching = _with_its_limit(storage.find_matching)
    storage._pick_index_for_filter = _by_a_part_of(storage._pick_index_for_filter)
    storage._explain_plan_uncached = _with_walks(storage._explain_plan_uncached)
    # It says of each index with arrays that it does not serve an order.
    storage.explain_plan = _with_walks(storage.explain_plan)
    handlers["explain"] = _explained(handlers["explain"])


def _counting_each(scan: Callable[..., Any]) -> Callable[..., Any]:
    def counting(*args: Any) -> Any:
        for each in scan(*args):
            examined.documents += 1
            yield each

    return counting


def _explained(explain: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(explain)
    def told(doc: dict[str, Any], ctx: Any) -> Any:
        inner = doc.get("explain")
        inner = inner if isinstance(inner, Mapping) else {}
        explained.limits = {"skip": _number(inner, "skip"), "limit": abs(_number(inner, "limit"))}
        explained.documents = 0
        try:
            reply = explain(doc, ctx)
        finally:
            explained.limits = None
        if "executionStats" in reply:
            reply["executionStats"]["totalDocsExamined"] = explained.documents
        return reply

    return told


def _number(command: Mapping[str, Any], name: str) -> int:
    value = command.get(name)
    return int(value) if isinstance(value, int | float) else 0


def _with_its_limit(find: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(find)
    def found(self: Storage, *args: Any, **options: Any) -> Any:
        if explained.limits is None:
            return find(self, *args, **options)
        before = examined.documents
        some = find(self, *args, **options | explained.limits)
        explained.documents += examined.documents - before
        return some

    return found


def _by_a_part_of(pick: Callable[..., Any]) -> Callable[..., Any]:
    """Return the index that `lookups` uses."""

    @wraps(pick)
    def picked(
        self: Storage, db: str, coll: str, filter: Mapping[str, Any], *, collation: Any = None
    ) -> Any:
        plain = plain_conditions(filter)
        tried = [{"_id": plain["_id"]}] if "_id" in plain else []
        for walks in [] if tried or collation else lookups_of(self, db, coll, filter):
            return walks[0].index, dict(walks[0].key)
        for part in [*tried, plain, *({name: value} for name, value in plain.items())]:
            found = pick(self, db, coll, part, collation=collation)
            if found is not None:
                return found
        for parts in alternatives(filter):
            several = [picked(self, db, coll, part, collation=collation) for part in parts]
            if all(each is not None for each in several):
                return several[0]
        return None

    return picked


def _with_walks(explain: Callable[..., Plan]) -> Callable[..., Plan]:
    @wraps(explain)
    def plan(
        self: Storage,
        db: str,
        coll: str,
        filter: dict[str, Any] | None = None,
        *,
        sort: Mapping[str, Any] | None = None,
        hint: Any = None,
        collation: Any = None,
    ) -> Plan:
        has_limit = explained.limits is not None and explained.limits["limit"] > 0
        if has_limit and sort and hint is None and collation is None:
            where = filter or {}
            with self._lock:
                walks = walks_of(self, db, coll, where, sort)
            if walks and is_understood(self, db, coll, where):
                # A walk of all documents in the order of their ids is no use of an index for the
                # filter, but it serves the order.
                return {
                    "kind": "IXSCAN",
                    "index_name": walks[0].index,
                    "key_pattern": dict(walks[0].key),
                    "direction": "backward" if walks[0].is_backward else "forward",
                    "multikey": self.index_is_multikey(db, coll, walks[0].index),
                    "sorted_by_index": True,
                }
        return explain(self, db, coll, filter, sort=sort, hint=hint, collation=collation)

    return plan
