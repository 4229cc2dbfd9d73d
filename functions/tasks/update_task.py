"""PATCH /api/v1/tasks/{task_id}: change the given fields of a task."""

from tidings.platform.entry.rest import rest
from tidings.tasks.operations import update_task

handler = rest(update_task)
