"""GET /api/v1/tasks/{task_id}: one task."""

from tidings.platform.entry.rest import rest
from tidings.tasks.queries import get_task

handler = rest(get_task)
