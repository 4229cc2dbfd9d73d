"""POST /api/v1/tasks: create a task."""

from tidings.platform.entry.rest import rest
from tidings.tasks.operations import create_task

handler = rest(create_task, status=201, message="The task is noted.")
