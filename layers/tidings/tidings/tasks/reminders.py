"""Reminders of tasks whose due date has come."""

import time
from datetime import datetime
from typing import Final

from pymongo import UpdateOne

from tidings.platform import database, outbox
from tidings.platform.logging import logger
from tidings.platform.outbox import OutboxEntry
from tidings.tasks.events import TaskDue, TaskDueData
from tidings.tasks.models import Task

TASKS_PER_ROUND: Final = 200
REMINDING_SECONDS: Final = 240.0


def remind_due_tasks(scheduled_at: datetime, *, seconds: float = REMINDING_SECONDS) -> int:
    """Announce each task that is due and not done, for at most so many seconds.

    Once per task and due date: what is to be reminded of is cleared in the write that stores
    the event, whose id stands for the task and the date. What time does not suffice for is
    left to the next call.

    Returns:
        How many tasks were announced now.
    """
    deadline, announced = time.monotonic() + seconds, 0
    while time.monotonic() < deadline and (found := _due(scheduled_at)):
        announced += _announce(found)
    logger.info("due tasks announced", tasks=announced)
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
    with database.time_for(len(updates)):
        changed = int(Task._get_collection().bulk_write(updates, ordered=False).modified_count)
    # Where some were changed meanwhile it is not known which: the relay publishes those.
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
