"""DELETE /api/v1/tasks/{task_id}: delete a task."""

from tidings.platform.entry.rest import rest
from tidings.tasks.operations import delete_task

handler = rest(delete_task, message="The task is gone.")
