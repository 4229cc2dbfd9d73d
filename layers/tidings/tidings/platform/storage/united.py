"""Several reads of one collection in one command."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

# A list is counted up to this number: counting 200,000 documents takes seconds.
COUNTED_UP_TO: Final = 10_000

Pipeline = list[dict[str, Any]]


def united(collection: Any, pipelines: Sequence[Pipeline], *, each_at_most: int) -> Iterable[Any]:
    """Run several pipelines on a collection in one command, one result after the other.

    Args:
        each_at_most: the number of documents that a pipeline returns at most.
    """
    if not pipelines:
        return ()
    others = [{"$unionWith": {"coll": collection.name, "pipeline": each}} for each in pipelines[1:]]
    # All results are in the first reply: with fewer than asked for there is no other one.
    most = len(pipelines) * each_at_most + 1
    found: Iterable[Any] = collection.aggregate([*pipelines[0], *others], batchSize=most)
    return found


def count_each(collection: Any, wanted: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Count the documents that meet each of some conditions, in one command.

    Args:
        wanted: conditions by the name of their count.

    Returns:
        The number by name, at most `COUNTED_UP_TO` + 1.
    """
    counted = united(
        collection, [_number(where, name) for name, where in wanted.items()], each_at_most=1
    )
    return dict.fromkeys(wanted, 0) | {each["_id"]: each["n"] for each in counted}


def _number(where: Mapping[str, Any], name: str) -> Pipeline:
    """Return a pipeline that counts up to a limit; its only result, if any, has the name."""
    return [
        {"$match": where},
        {"$limit": COUNTED_UP_TO + 1},
        {"$group": {"_id": 1, "n": {"$sum": 1}}},
        {"$set": {"_id": {"$literal": name}}},
    ]
