"""The events that tasks publish."""

from datetime import datetime
from typing import Literal

from tidings.platform.messaging.events import Event, EventData


class TaskCreatedData(EventData):
    task_id: str
    title: str
    owner_id: str
    actor_id: str
    assignee_id: str | None = None


class TaskCreated(Event):
    """A task was created by `actor_id`."""

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
    """A task was changed by `actor_id`; `changed` names the fields, all values are current."""

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
    """The due date of an unfinished task was reached; once per task and due date."""

    source: Literal["tidings/tasks"] = "tidings/tasks"
    type: Literal["task.due"] = "task.due"
    data: TaskDueData
