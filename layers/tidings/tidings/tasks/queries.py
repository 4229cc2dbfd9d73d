"""Queries of tasks."""

from collections.abc import Iterator
from typing import Any, Final

from mongoengine import Q, QuerySet

from tidings.platform.operation import Whose, operation
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.pagination import Page, PageRequest, paginate
from tidings.platform.storage.sorting import NEWEST_FIRST, SortOrder
from tidings.platform.text.search_keys import folded
from tidings.tasks.errors import TaskNotFound
from tidings.tasks.models import NEVER, Task, TaskPriority
from tidings.tasks.schemas import TaskFilter, TaskSort, TaskView

ORDERS: Final = {
    TaskSort.NEWEST: NEWEST_FIRST,
    TaskSort.DUE_AT: SortOrder("due_at"),
    TaskSort.PRIORITY: SortOrder("priority_rank", descending=True),
}


@operation(
    role=Role.CUSTOMER,
    whose=Whose.OWN_OR_OPERATOR,
    others=TaskNotFound,
    refuses=(TaskNotFound,),
    writes=False,
    note="also the assignee",
)
def get_task(task_id: str, *, caller: Principal) -> TaskView:
    """Return a task.

    Raises:
        TaskNotFound: it does not exist, or the caller may not see it.
    """
    return view_of(find_task(task_id, caller=caller))


@operation(role=Role.CUSTOMER, writes=False, note="tasks of others: operator")
def get_tasks(
    page: PageRequest,
    *,
    caller: Principal,
    wanted: TaskFilter | None = None,
    sort: TaskSort = TaskSort.NEWEST,
) -> Page[TaskView]:
    """Return a page of the tasks that the caller owns or is assigned to (operators: all tasks).

    Raises:
        UnknownCursor: the cursor is malformed, or belongs to another order.
    """
    asked = wanted or TaskFilter()
    found = visible_to(caller).filter(**dict(_conditions(asked)))
    if asked.text is not None:
        found = found.filter(_says(asked.text))
    return paginate(found, page, ORDERS[sort]).map(view_of)


def find_task(task_id: str, *, caller: Principal) -> Task:
    """Return the document of a task that the caller may see.

    Raises:
        TaskNotFound: it does not exist, or the caller may not see it.
    """
    task: Task | None = visible_to(caller).filter(pk=task_id).first()
    if task is None:
        raise TaskNotFound
    return task


def visible_to(caller: Principal) -> "QuerySet[Task]":
    """Return the query for the tasks that a caller may see and change."""
    tasks = Task.objects(deleted_at=None)
    if caller.role.includes(Role.OPERATOR):
        return tasks
    return tasks.filter(Q(owner_id=caller.user_id) | Q(assignee_id=caller.user_id))


def view_of(task: Task) -> TaskView:
    return TaskView(
        id=task.id,
        title=task.title,
        description=task.description,
        state=task.state,
        priority=list(TaskPriority)[task.priority_rank],
        due_at=None if task.due_at == NEVER else task.due_at,
        assignee_id=task.assignee_id,
        labels=list(task.labels),
        owner_id=task.owner_id,
        version=task.version,
        created_at=task.created_at,
        updated_at=task.updated_at,
    )


def _says(text: str) -> Q:
    # mongoengine escapes the search text, so a caller cannot inject a pattern.
    key = folded(text)
    stored_before = Q(title_key=None, title__icontains=text)
    return Q(title_key__contains=key) | stored_before if key else Q(title__icontains=text)


def _conditions(wanted: TaskFilter) -> Iterator[tuple[str, Any]]:
    if wanted.state is not None:
        yield "state", wanted.state.value
    if wanted.priority is not None:
        yield "priority_rank", wanted.priority.rank
    if wanted.assignee_id is not None:
        yield "assignee_id", wanted.assignee_id
    if wanted.label is not None:
        yield "labels", wanted.label
    if wanted.due_before is not None:
        yield "due_at__lt", wanted.due_before
    if wanted.due_after is not None:
        yield "due_at__gt", wanted.due_after
        if wanted.due_before is None:
            yield "due_at__lt", NEVER
