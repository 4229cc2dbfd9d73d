"""Resolvers of tasks."""

from typing import Any, Final

from resolvers.binding import Resolver
from resolvers.caller import Info, caller
from resolvers.connection import Connection, PageArguments, connection
from tidings.tasks import operations, queries
from tidings.tasks.schemas import (
    CreateTask,
    TaskDeletion,
    TaskFilter,
    TaskSort,
    TaskView,
    UpdateTask,
)


def get_task(_: Any, info: Info, id: str) -> TaskView:
    return queries.get_task(id, caller=caller(info))


def get_tasks(
    _: Any,
    info: Info,
    first: int,
    after: str | None = None,
    filter: dict[str, Any] | None = None,
    sort: str | None = None,
) -> Connection:
    page = queries.get_tasks(
        PageArguments.model_validate({"first": first, "after": after}),
        caller=caller(info),
        wanted=TaskFilter.model_validate(filter or {}),
        sort=TaskSort(sort or TaskSort.NEWEST),
    )
    return connection(page)


def create_task(_: Any, info: Info, input: dict[str, Any]) -> TaskView:
    return operations.create_task(CreateTask.model_validate(input), caller=caller(info))


def update_task(_: Any, info: Info, id: str, input: dict[str, Any]) -> TaskView:
    return operations.update_task(id, UpdateTask.model_validate(input), caller=caller(info))


def delete_task(_: Any, info: Info, id: str) -> TaskDeletion:
    return operations.delete_task(id, caller=caller(info))


QUERIES: Final[dict[str, Resolver]] = {
    "getTask": get_task,
    "getTasks": get_tasks,
}
MUTATIONS: Final[dict[str, Resolver]] = {
    "createTask": create_task,
    "updateTask": update_task,
    "deleteTask": delete_task,
}
