"""GET /api/v1/tasks: the tasks that the caller owns or is assigned to; all for operators."""

from tidings.platform.entry.rest import rest
from tidings.tasks.queries import get_tasks
from tidings.tasks.schemas import GetTasks

handler = rest(get_tasks, query=GetTasks)
