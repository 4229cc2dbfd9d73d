"""What the tasks announce."""

from datetime import datetime
from typing import Literal

from tidings.platform.events import Event, EventData


class TaskCreatedData(EventData):
    task_id: str
    title: str
    owner_id: str
    actor_id: str
    assignee_id: str | None = None


class TaskCreated(Event):
    """A task was added, by `actor_id`."""

    source: Literal["tidings/tasks"] = "tidings/tasks"
    type: Literal["task.created"] = "task.created"
    data: TaskCreatedData


class TaskUpdatedData(EventData):
    task_id: str
    title: str
    owner_id: str
    state: str
    version: int
    changed: list[str]
    actor_id: str
    assignee_id: str | None = None


class TaskUpdated(Event):
    """A task was changed by `actor_id`; `changed` names its fields, the rest is as it is now."""

    source: Literal["tidings/tasks"] = "tidings/tasks"
    type: Literal["task.updated"] = "task.updated"
    data: TaskUpdatedData


class TaskDeletedData(EventData):
    task_id: str
    title: str
    owner_id: str
    actor_id: str
    assignee_id: str | None = None


class TaskDeleted(Event):
    """A task was deleted by `actor_id`."""

    source: Literal["tidings/tasks"] = "tidings/tasks"
    type: Literal["task.deleted"] = "task.deleted"
    data: TaskDeletedData


class TaskDueData(EventData):
    task_id: str
    title: str
    owner_id: str
    due_at: datetime
    assignee_id: str | None = None


class TaskDue(Event):
    """The due date of a task that is not done has come; once per task and due date."""

    source: Literal["tidings/tasks"] = "tidings/tasks"
    type: Literal["task.due"] = "task.due"
    data: TaskDueData
