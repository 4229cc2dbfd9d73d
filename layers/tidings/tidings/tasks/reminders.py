"""Reminders of tasks whose due date is reached."""

import time
from datetime import datetime
from typing import Final

from pymongo import UpdateOne

from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.messaging.outbox import OutboxEntry
from tidings.platform.storage import database
from tidings.tasks.events import TaskDue, TaskDueData
from tidings.tasks.models import Task

TASKS_PER_ROUND: Final = 200
REMINDING_SECONDS: Final = 240.0


def remind_due_tasks(scheduled_at: datetime, *, seconds: float = REMINDING_SECONDS) -> int:
    """Publish an event for each unfinished task that is due, for at most `seconds`.

    Each task and due date gets one event: the write that stores the event clears the reminder, and
    the event's id contains the task and the date. The rest waits for the next call.

    Returns:
        The number of tasks that got an event now.
    """
    deadline, announced = time.monotonic() + seconds, 0
    while time.monotonic() < deadline and (found := _due(scheduled_at)):
        announced += _announce(found)
    logger.info("events of due tasks stored", tasks=announced)
    return announced


def _due(scheduled_at: datetime) -> list[Task]:
    found = Task.objects(remind_at__lte=scheduled_at).order_by("remind_at")
    fields = ("title", "owner_id", "assignee_id", "remind_at")
    return list(found.only(*fields).limit(TASKS_PER_ROUND))


def _announce(tasks: list[Task]) -> int:
    entries = {task.id: OutboxEntry.of(_task_due(task)) for task in tasks}
    updates = [
        UpdateOne(
            {"_id": task.id, "remind_at": task.remind_at},
            {"$unset": {"remind_at": 1}, "$push": {"outbox": entries[task.id].to_mongo()}},
        )
        for task in tasks
    ]
    with database.writing_many(len(updates)):
        changed = int(Task._get_collection().bulk_write(updates, ordered=False).modified_count)
    # If some were changed meanwhile, it is not known which: the relay publishes the events.
    for task in tasks if changed == len(tasks) else ():
        task.outbox = [entries[task.id]]
        outbox.note_stored(task)
    return changed


def _task_due(task: Task) -> TaskDue:
    data = TaskDueData(
        task_id=task.id,
        title=task.title,
        owner_id=task.owner_id,
        assignee_id=task.assignee_id,
        due_at=task.remind_at,
    )
    event_id = f"task.due:{task.id}:{task.remind_at.isoformat()}"
    return TaskDue(id=event_id, subject=task.id, data=data)
