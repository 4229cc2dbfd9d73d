"""Read only the documents that a pipeline begins with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final

from secantus.aggregate import PipelineContext, apply_pipeline

from .counting import NUMBER, UNUSUAL, number_of
from .finding import is_understood

NOTHING: Final[dict[str, Any]] = {"$match": {"_id": {"$in": []}}}
Pipeline = list[dict[str, Any]]
Documents = list[dict[str, Any]]


def begin_with_a_find(handlers: dict[str, Any], stages: dict[str, Any]) -> None:
    """Let `$match`, `$sort` and `$limit` at the beginning of a pipeline be one query.

    SecantusDB reads all matches before it sorts and limits them, and for `$unionWith` the whole
    collection.
    """
    stages["$unionWith"] = _united(stages["$unionWith"])
    handlers["aggregate"] = _aggregated(handlers["aggregate"])


def _united(unite: Callable[..., Documents]) -> Callable[..., Documents]:
    @wraps(unite)
    def united(spec: Any, docs: Documents, ctx: PipelineContext) -> Documents:
        plain = isinstance(spec, Mapping) and spec.keys() == {"coll", "pipeline"}
        if not plain or not _is_find(ctx.storage, ctx.db_name, spec["coll"], spec["pipeline"]):
            return unite(spec, docs, ctx)
        found, rest = _begun(ctx.storage, ctx.db_name, spec["coll"], spec["pipeline"])
        inner = PipelineContext(storage=ctx.storage, db_name=ctx.db_name, coll_name=spec["coll"])
        return docs + list(apply_pipeline(found, rest, inner))

    return united


def _aggregated(aggregate: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(aggregate)
    def aggregated(doc: dict[str, Any], ctx: Any) -> Any:
        coll: Any = doc.get("aggregate")
        pipeline: Any = doc.get("pipeline")
        if UNUSUAL & doc.keys() or not _is_find(ctx.storage, ctx.db_name, coll, pipeline):
            return aggregate(doc, ctx)
        length = _length(pipeline)
        length += pipeline[length : length + 1] == [NUMBER]
        begun = {"$unionWith": {"coll": coll, "pipeline": pipeline[:length]}}
        return aggregate({**doc, "pipeline": [NOTHING, begun, *pipeline[length:]]}, ctx)

    return aggregated


def _begun(storage: Any, db: str, coll: str, pipeline: Pipeline) -> tuple[Documents, Pipeline]:
    """Return the documents of a pipeline's beginning, and the rest of it."""
    length = _length(pipeline)
    head = {name: value for stage in pipeline[:length] for name, value in stage.items()}
    if pipeline[length : length + 1] == [NUMBER] and "$sort" not in head:
        number = number_of(storage, db, coll, head["$match"], head["$limit"])
        return [{"_id": 1, "n": number}] if number else [], pipeline[length + 1 :]
    found = storage.find_matching(
        db, coll, head["$match"], sort=head.get("$sort"), limit=head["$limit"]
    )
    return found, pipeline[length:]


def _is_find(storage: Any, db: str, coll: Any, pipeline: Any) -> bool:
    if not isinstance(coll, str) or not isinstance(pipeline, list) or not _length(pipeline):
        return False
    if "viewOn" in storage.get_collection_options(db, coll):
        return False
    return is_understood(storage, db, coll, pipeline[0]["$match"])


def _length(pipeline: Pipeline) -> int:
    """Return the number of first stages that are one query: two or three, or none."""
    names = [next(iter(each)) if len(each) == 1 else "" for each in pipeline[:3]]
    for wanted in (["$match", "$sort", "$limit"], ["$match", "$limit"]):
        if names[: len(wanted)] == wanted:
            filter, *sort, limit = (pipeline[place][name] for place, name in enumerate(wanted))
            mappings = isinstance(filter, dict) and all(isinstance(s, dict) and s for s in sort)
            # Anything else is refused, or understood, by the stages themselves.
            return len(wanted) if mappings and type(limit) is int and limit > 0 else 0
    return 0
