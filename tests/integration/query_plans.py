"""The plans of the queries that a test sent, by which it can assert that each has an index."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pymongo import monitoring

from tidings.platform.storage import database

PLANNED: Final = {
    "find", "count", "distinct", "aggregate", "update", "delete", "findAndModify", "bulkWrite",
}  # fmt: skip
# The parts of a find that decide its plan.
PARTS: Final = ("filter", "sort", "skip", "limit")
Query = tuple[str, dict[str, Any]]


class QueryNotes(monitoring.CommandListener):
    """Notes the queries of commands, also of those that change what they find."""

    def __init__(self) -> None:
        self.queries: dict[str, Query] = {}
        self.is_noting = False
        # A count up to a limit may read that many documents in any order.
        self.leaves_out_limited_counts = False

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if self.is_noting and event.command_name in PLANNED:
            if self.leaves_out_limited_counts and _is_limited_count(event):
                return
            for name, query in _queries_in(event):
                self.queries.setdefault(f"{name} {shape_of(query)}", (name, query))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


def without_index(query: Query) -> str | None:
    """Return the stages of a query's plan if it reads or sorts a whole collection."""
    name, find = query
    told = database.connect()[name].command("explain", find, verbosity="queryPlanner")
    stages = list(_stages(told["queryPlanner"]["winningPlan"]))
    return " ".join(stages) if {"COLLSCAN", "SORT"} & set(stages) else None


def number_read(query: Query) -> int:
    """Return the number of documents that the database reads for a query."""
    name, find = query
    told = database.connect()[name].command("explain", find, verbosity="executionStats")
    return int(told["executionStats"]["totalDocsExamined"])


def shape_of(value: Any) -> Any:
    """Return a query without its values."""
    if isinstance(value, Mapping):
        return {name: shape_of(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shape_of(each) for each in value if isinstance(each, Mapping)]
    return None


def _stages(plan: Any) -> Iterator[str]:
    if isinstance(plan, Mapping):
        if "stage" in plan:
            yield plan["stage"]
        for each in plan.values():
            yield from _stages(each)
    elif isinstance(plan, list):
        for each in plan:
            yield from _stages(each)


def _queries_in(event: monitoring.CommandStartedEvent) -> Iterator[Query]:
    command, kind = event.command, event.command_name
    name, collection = event.database_name, command[kind]
    if kind == "find":
        found = {part: command[part] for part in PARTS if command.get(part)}
        yield name, {"find": collection, **found}
    elif kind == "aggregate":
        yield name, _begun(collection, command["pipeline"])
    elif kind in ("count", "distinct"):
        yield name, _find(collection, command.get("query", {}))
    elif kind == "findAndModify":
        sort = {"sort": command["sort"]} if command.get("sort") else {}
        yield name, {**_find(collection, command["query"]), **sort, "limit": 1}
    elif kind in ("update", "delete"):
        for each in command.get(f"{kind}s", ()):
            yield name, _find(collection, each["q"])
    elif kind == "bulkWrite":
        places = [each["ns"].partition(".") for each in command["nsInfo"]]
        for each in command["ops"]:
            if "filter" in each:
                database_name, _, in_collection = places[next(iter(each.values()))]
                yield database_name, _find(in_collection, each["filter"])


def _begun(collection: str, stages: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the query that a pipeline begins with: its first `$match`, `$sort` and `$limit`."""
    found = _find(collection, stages[0].get("$match", {}) if stages else {})
    for stage in stages[1:]:
        ((operator, value),) = stage.items()
        if operator not in ("$sort", "$limit"):
            break
        found[operator.removeprefix("$")] = value
    return found


def _is_limited_count(event: monitoring.CommandStartedEvent) -> bool:
    return any("$limit" in each for each in event.command.get("pipeline", ()))


def _find(collection: str, filter: Mapping[str, Any]) -> dict[str, Any]:
    return {"find": collection, "filter": dict(filter)}
