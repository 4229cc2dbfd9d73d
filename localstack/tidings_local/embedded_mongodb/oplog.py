"""Write no oplog.

SecantusDB writes each change a second time, with a description of it, for change streams and for
recovery to a point in time. Transactions, retryable writes and recovery after a crash do not read
it: WiredTiger has a journal of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from secantus.storage import Storage


def write_none(storage: type[Storage], handlers: dict[str, Any]) -> None:
    """Let a storage class write no oplog, and let the server refuse change streams.

    SecantusDB has a setting for the former, but then it would not be a replica set, and would have
    no transactions. With it alone, a change stream would wait forever.
    """
    storage.__init__ = _without_oplog(storage.__init__)
    handlers["aggregate"] = _without_change_streams(handlers["aggregate"])


def _without_oplog(build: Callable[..., None]) -> Callable[..., None]:
    @wraps(build)
    def built(self: Storage, *args: Any, **options: Any) -> None:
        build(self, *args, **{**options, "enable_oplog": False})

    return built


def _without_change_streams(aggregate: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(aggregate)
    def aggregated(doc: dict[str, Any], ctx: Any) -> Any:
        if not _begins_with_change_stream(doc.get("pipeline")):
            return aggregate(doc, ctx)
        return {
            "ok": 0.0,
            "errmsg": "The embedded MongoDB has no oplog, so it has no change streams",
            "code": 40573,  # a MongoDB's, when it is not a replica set
            "codeName": "IllegalOperation",
        }

    return aggregated


def _begins_with_change_stream(pipeline: Any) -> bool:
    first = pipeline[0] if isinstance(pipeline, list) and pipeline else None
    return isinstance(first, Mapping) and "$changeStream" in first
