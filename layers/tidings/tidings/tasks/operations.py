"""Operations on tasks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from tidings.platform import acts
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.operation import Whose, operation
from tidings.platform.security.auth import Principal, Role
from tidings.platform.text.search_keys import folded
from tidings.platform.timing.clock import now
from tidings.tasks.assignees import check_assignee
from tidings.tasks.errors import (
    AssigningNotAllowed,
    DeletingNotAllowed,
    StaleTask,
    TaskNotFound,
    UnknownAssignee,
)
from tidings.tasks.events import (
    TaskCreated,
    TaskCreatedData,
    TaskDeleted,
    TaskDeletedData,
    TaskUpdated,
    TaskUpdatedData,
)
from tidings.tasks.models import NEVER, PENDING_STATES, Task
from tidings.tasks.queries import find_task, view_of
from tidings.tasks.schemas import CreateTask, TaskDeletion, TaskView, UpdateTask

# The fields whose values the audit trail shows; of the others it shows the names.
TOLD: Final = frozenset({"state", "priority_rank", "assignee_id", "due_at"})


@operation(
    role=Role.CUSTOMER,
    refuses=(AssigningNotAllowed, UnknownAssignee),
    note="with another assignee: operator",
)
def create_task(new: CreateTask, *, caller: Principal, at: datetime | None = None) -> TaskView:
    """Create a task that the caller owns.

    Raises:
        AssigningNotAllowed: a customer assigns another user.
        UnknownAssignee: the assignee does not exist.
    """
    check_assignee(new.assignee_id, caller=caller)
    task = new_task(new, caller=caller, at=at or now())
    outbox.insert(task, created(task, caller))
    logger.info("task created", task_id=task.id)
    return view_of(task)


@operation(
    role=Role.CUSTOMER,
    whose=Whose.OWN_OR_OPERATOR,
    others=TaskNotFound,
    refuses=(TaskNotFound, StaleTask, AssigningNotAllowed, UnknownAssignee),
    note="also the assignee",
)
def update_task(
    task_id: str, change: UpdateTask, *, caller: Principal, at: datetime | None = None
) -> TaskView:
    """Change a task that the caller owns or is assigned to (operators: any task).

    A change without effect publishes no event and makes no new version.

    Raises:
        TaskNotFound: the task does not exist, or the caller may not see it.
        StaleTask: the task no longer has the version of the change.
        AssigningNotAllowed: a customer assigns another user.
        UnknownAssignee: the assignee does not exist.
    """
    task = find_task(task_id, caller=caller)
    if task.version != change.version:
        raise StaleTask
    changed = _changed(task, change)
    if "assignee_id" in changed:
        check_assignee(changed["assignee_id"], caller=caller)
    return _store(task, changed, caller, at or now()) if changed else view_of(task)


@operation(
    role=Role.CUSTOMER,
    whose=Whose.OWN_OR_OPERATOR,
    others=TaskNotFound,
    refuses=(TaskNotFound, DeletingNotAllowed),
)
def delete_task(task_id: str, *, caller: Principal, at: datetime | None = None) -> TaskDeletion:
    """Delete a task that the caller owns (operators: any task).

    Its content is deleted at once. An empty tombstone stays: it stores the event, and prevents a
    repeated upload from creating the task again.

    Raises:
        TaskNotFound: the task does not exist, or the caller may not see it.
        DeletingNotAllowed: the caller is only assigned to it.
    """
    task, deleted_at = find_task(task_id, caller=caller), at or now()
    if task.owner_id != caller.user_id and not caller.role.includes(Role.OPERATOR):
        raise DeletingNotAllowed
    tombstone = outbox.change(
        Task.objects(pk=task_id, deleted_at=None),
        _deleted(task, caller),
        set__deleted_at=deleted_at,
        set__updated_at=deleted_at,
        set__title="-",
        unset__title_key=True,
        set__description="",
        set__labels=[],
        unset__remind_at=True,
        inc__version=1,
    )
    if tombstone is None:
        raise TaskNotFound
    acts.changed({"deleted": False}, {"deleted": True})
    logger.info("task deleted", task_id=task_id)
    return TaskDeletion(id=task_id, deleted_at=deleted_at)


def new_task(
    new: CreateTask, *, caller: Principal, at: datetime, upload_key: str | None = None
) -> Task:
    """Return the document of a new task."""
    due_at = new.due_at or NEVER
    return Task(
        owner_id=caller.user_id,
        assignee_id=new.assignee_id,
        title=new.title,
        title_key=folded(new.title),
        description=new.description,
        state=new.state.value,
        priority_rank=new.priority.rank,
        due_at=due_at,
        labels=list(new.labels),
        created_at=at,
        updated_at=at,
        remind_at=_reminder(new.state, due_at),
        upload_key=upload_key,
    )


def created(task: Task, caller: Principal) -> TaskCreated:
    """Return the event of a new task."""
    data = TaskCreatedData(
        task_id=task.id,
        title=task.title,
        owner_id=task.owner_id,
        assignee_id=task.assignee_id,
        actor_id=caller.user_id,
    )
    return TaskCreated(subject=task.id, data=data)


def _changed(task: Task, change: UpdateTask) -> dict[str, Any]:
    """Return the named fields that differ, in the document's form."""
    named = {name: getattr(change, name) for name in change.model_fields_set - {"version"}}
    if "due_at" in named:
        named["due_at"] = named["due_at"] or NEVER
    if "labels" in named:
        named["labels"] = list(named["labels"])
    if "priority" in named:
        named["priority_rank"] = named.pop("priority").rank
    if "state" in named:
        named["state"] = named["state"].value
    return {name: value for name, value in named.items() if value != getattr(task, name)}


def _store(task: Task, changed: Mapping[str, Any], caller: Principal, at: datetime) -> TaskView:
    update: dict[str, Any] = {f"set__{name}": value for name, value in changed.items()}
    if "title" in changed:
        update["set__title_key"] = folded(changed["title"])
    if changed.keys() & {"state", "due_at"}:
        update |= _reminder_update(task, changed)
    stored = outbox.change(
        Task.objects(pk=task.id, version=task.version, deleted_at=None),
        _updated(task, changed, caller),
        set__updated_at=at,
        inc__version=1,
        **update,
    )
    if stored is None:
        raise StaleTask
    told = changed.keys() & TOLD
    acts.changed(
        {name: getattr(task, name) for name in told} | {"version": task.version},
        {name: changed[name] for name in told}
        | {"version": stored.version, "changed": sorted(changed)},
    )
    logger.info("task updated", task_id=task.id, changed=sorted(changed))
    return view_of(stored)


def _reminder(state: str, due_at: datetime) -> datetime | None:
    return due_at if state in PENDING_STATES and due_at != NEVER else None


def _reminder_update(task: Task, changed: Mapping[str, Any]) -> dict[str, Any]:
    reminder = _reminder(changed.get("state", task.state), changed.get("due_at", task.due_at))
    was_pending = task.state in PENDING_STATES
    if reminder == task.due_at and was_pending:
        # From one pending state to another: a reminder that was sent is not sent again.
        return {}
    return {"unset__remind_at": True} if reminder is None else {"set__remind_at": reminder}


def _updated(task: Task, changed: Mapping[str, Any], caller: Principal) -> TaskUpdated:
    names = {"priority_rank": "priority"}
    data = TaskUpdatedData(
        task_id=task.id,
        title=changed.get("title", task.title),
        owner_id=task.owner_id,
        assignee_id=changed.get("assignee_id", task.assignee_id),
        state=changed.get("state", task.state),
        version=task.version + 1,
        changed=sorted(names.get(name, name) for name in changed),
        actor_id=caller.user_id,
    )
    return TaskUpdated(subject=task.id, data=data)


def _deleted(task: Task, caller: Principal) -> TaskDeleted:
    data = TaskDeletedData(
        task_id=task.id,
        title=task.title,
        owner_id=task.owner_id,
        assignee_id=task.assignee_id,
        actor_id=caller.user_id,
    )
    return TaskDeleted(subject=task.id, data=data)
